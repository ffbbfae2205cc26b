import type { Draining } from '../protocol/session.ts'
import type { Membership } from './membership.ts'
import { type Notification, notificationOf } from './notification.ts'
import type { Resync } from './session-events.ts'

export type InboxListener = {
  notification(notification: Notification): void
  resync(resync: Resync): void
  /** @param withinMs the node closes the connection within this time */
  draining(withinMs: number): void
}

/** The notifications of a session. Delivers each once, in order of `seq`; nodes repeat some after a relogin. */
export class Inbox {
  readonly #membership: () => Membership | undefined
  readonly #listener: InboxListener

  /** @param membership the membership of the participant while it is logged in; its `seq` is the last notification that was delivered */
  constructor(membership: () => Membership | undefined, listener: InboxListener) {
    this.#membership = membership
    this.#listener = listener
  }

  get seq(): number {
    return this.#membership()?.seq ?? 0
  }

  /** @param received the event's arguments, with the meta if it has one */
  receive(event: string, received: unknown[]): void {
    const notification = notificationOf(event, received)
    const { args, meta } = notification
    if (event === 'draining') this.#listener.draining((args[0] as Draining).withinMs)
    else if (event === 'resync') this.resync(args[0] as Resync)
    else if (!meta || meta.seq > this.seq) this.#deliver(notification)
  }

  /** Missed notifications are lost. The next ones count from `seq` on. */
  resync(resync: Resync): void {
    this.#advanceTo(resync.seq)
    this.#listener.resync(resync)
  }

  #deliver(notification: Notification): void {
    if (notification.meta) this.#advanceTo(notification.meta.seq)
    this.#listener.notification(notification)
  }

  #advanceTo(seq: number): void {
    const membership = this.#membership()
    if (membership) membership.seq = seq
  }
}
