import type { Meta } from '../protocol/session.ts'

/** A notification of the server. `args` are its arguments without the meta; `meta` is undefined if the event has no `seq`. */
export type Notification = { event: string; args: unknown[]; meta: Meta | undefined }

/** @param received the arguments, the meta last */
export function notificationOf(event: string, received: unknown[]): Notification {
  const last = received.at(-1)
  const hasMeta = typeof last === 'object' && last !== null && Number.isSafeInteger((last as { seq?: unknown }).seq)
  return hasMeta
    ? { event, args: received.slice(0, -1), meta: last as Meta }
    : { event, args: received, meta: undefined }
}
