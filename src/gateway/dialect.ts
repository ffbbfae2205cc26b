import type { ErrorCode, SignalError } from '../core/errors.ts'
import type { Entry } from '../core/model.ts'
import type { Meta } from '../protocol/session.ts'

/** An event and its arguments, without meta. */
export type RenderedEvent = [event: string, ...args: unknown[]]

/** The arguments of an ack. */
export type AckFormat = {
  accept: (event: string, reply: unknown) => unknown[]
  /** @param message the sentence for `refusal.code` */
  refuse: (event: string, refusal: SignalError, message: string) => unknown[]
}

/** A sentence for every error code; `detail` is that of the `SignalError`. */
export type ErrorMessages = { readonly [code in ErrorCode]: (detail: string) => string }

/** Describes a dialect: its namespace, its versions, and what its clients receive. */
export type DialectDescription = {
  name: string
  namespace: string
  /** By the name that `connection.version` holds. `success`: the word with which its acks begin. */
  versions: { readonly [version: string]: { success: string } }
  /** The version of a connection before its login. */
  versionBeforeLogin: string
  /** The notification of a room entry, for a client of this version; undefined: such a client does not receive it. */
  render: (entry: Entry, version: string) => RenderedEvent | undefined
  /** The meta of a notification besides `seq` and `from`, or a `from` that replaces the entry's. */
  metaOf?: (entry: Entry) => Omit<Meta, 'seq'>
  /** The format of its acks, if it differs from docs/protocol.md#requests. */
  acks?: AckFormat
  /** Its clients cannot name a seq when they resume, so the node finds out itself what they have received. */
  clientsCannotNameSeq?: true
  /** The event that a client receives before the node closes its connection because a newer one has taken over. */
  takenOverEvent?: string
  /** A client may stay connected without a session for any time. */
  allowsIdle?: true
  messages: ErrorMessages
}
