import type { TSchema } from 'typebox'
import type { ErrorCode } from '../core/errors.ts'

/**
 * When a request is allowed. `entry`: before login, and what makes a session; refused, it ends the connection.
 * `enter`: the same, but it may come again, then leaving the room before; refused, nothing has changed.
 * `session`: about the session itself, refused at once without one. `member`: in a room; before login it waits for the
 * login or relogin under way. `open`: with or without a session.
 */
export type Phase = 'entry' | 'enter' | 'session' | 'member' | 'open'

/** One request of a dialect: `emit(name, data?, ack?)`. */
export type Request = {
  phase: Phase
  /** What the data must look like; absent: there is none, and any is ignored. */
  payload?: TSchema
  /** The data may be missing, or null: `undefined` as JSON has it. */
  optional?: true
  /** The ack's data; absent: none. */
  reply?: TSchema
  /** Clients pass these as separate arguments, in this order, instead of one object. */
  positional?: readonly string[]
  /** Waits a second at most for a login, and ends the connection when there is none. */
  impatient?: true
  /** What is refused, by the place in the data that is wrong; elsewhere it is `bad_request`. */
  refusals?: { readonly [path: string]: ErrorCode }
}

/** All requests of a dialect, by event name. */
export type Dialect = { readonly [event: string]: Request }
