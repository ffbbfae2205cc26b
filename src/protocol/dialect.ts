import type { TSchema } from 'typebox'
import type { ErrorCode } from '../core/errors.ts'

/**
 * When a request is allowed. While a login or relogin is being answered, all requests but logins wait for it.
 * `login`: without a session; makes one. If it is refused, the node closes the connection.
 * `switch_room`: with or without a session; makes one, and ends the session that the connection had in another room. If it is
 *   refused, nothing changes.
 * `needs_session`: with a session; refused at once if no login has begun.
 * `awaits_session`: with a session; if no login has begun, it waits 10 s for one, or a second if it is `impatient`.
 * `any`: with or without a session.
 */
export type Phase = 'login' | 'switch_room' | 'needs_session' | 'awaits_session' | 'any'

/** One request of a dialect: `emit(name, data?, ack?)`. */
export type Request = {
  phase: Phase
  /** The schema of the data; absent: the request has no data, and the node ignores any. */
  payload?: TSchema
  /** The data may be missing, or null, which is how JSON writes `undefined`. */
  optional?: true
  /** The schema of the ack's data; absent: the ack has none. */
  reply?: TSchema
  /** Clients pass these fields as separate arguments, in this order, instead of one object. */
  positional?: readonly string[]
  /** Waits at most a second for a login. Without a login the node refuses it and closes the connection. */
  impatient?: true
  /** Its ack has a new ticket, like the acks of all requests that make a session. */
  issuesTicket?: true
  /** Resumes a session instead of making a new one. */
  resumes?: true
  /** The error code by the JSON pointer of the invalid field; `bad_request` for all others. */
  refusals?: { readonly [path: string]: ErrorCode }
}

/** All requests of a dialect, by event name. */
export type RequestDefinitions = { readonly [event: string]: Request }
