import type { IceServer } from './mesh/rtc.ts'

/** A request as it is sent: the event and its arguments. */
export type OutgoingRequest = { event: string; args: readonly unknown[] }

/** What the ack of a login contains. `result` is what the program gets. */
export type LoginAck<T> = { ticket: string; seq: number; iceServers?: IceServer[] | undefined; result: T }

/** The request that begins a session: login, joinStream or enter_room. */
export type LoginSpec<T> = {
  event: string
  /** May get a token. Called once, and again after a rejection. */
  args: () => readonly unknown[] | Promise<readonly unknown[]>
  /** Sent on the same connection before the login, which waits for its ack. */
  prelude?: OutgoingRequest | undefined
  /** Whether the next try has another token. */
  renewable?: boolean
  /** Reads the ack's data. */
  read: (data: unknown) => LoginAck<T>
  /** The request that ends the session. */
  goodbye: OutgoingRequest
  /** The room, or the channel of `/exchanger`. With `resume: 'tab'`, a reloaded page resumes the session in the same room. */
  room?: string
}
