import type { Meta } from '../protocol/session.ts'

/** What the server told: the event's arguments without the meta that ends them. `meta` is absent where nothing counts. */
export type Notification = { event: string; args: unknown[]; meta: Meta | undefined }

/** @param received the arguments as they came */
export function notificationOf(event: string, received: unknown[]): Notification {
  const last = received.at(-1)
  const counted = typeof last === 'object' && last !== null && Number.isSafeInteger((last as { seq?: unknown }).seq)
  return counted
    ? { event, args: received.slice(0, -1), meta: last as Meta }
    : { event, args: received, meta: undefined }
}
