import type { ErrorCode } from '../protocol/errors.ts'

/**
 * The error codes of the client. `unreachable`: no node answered in time. `lost`: the connection ended, and the session continues.
 * `timeout`: the node did not answer a request in time. `closed`: this program ended the session or the login. `dropped`: the server
 * ended the session. `no_session`: the request needs a session. `token_unavailable`: the token function of the program failed, and
 * `cause` is its error.
 */
export type ClientErrorCode =
  | 'unreachable'
  | 'lost'
  | 'timeout'
  | 'closed'
  | 'dropped'
  | 'no_session'
  | 'token_unavailable'

/** A code of the server or of the client. Servers that are newer than this library may have other codes. */
export type SignalboxErrorCode = ErrorCode | ClientErrorCode | (string & {})

/** The error of every rejection. `message` is the server's sentence if the server refused the request. */
export class SignalboxError extends Error {
  readonly code: SignalboxErrorCode

  constructor(code: SignalboxErrorCode, message: string = code, options?: ErrorOptions) {
    super(message, options)
    this.name = 'SignalboxError'
    this.code = code
  }
}

/** Wraps any other error in a SignalboxError with the code `internal`. */
export function asSignalboxError(thrown: unknown): SignalboxError {
  if (thrown instanceof SignalboxError) return thrown
  return new SignalboxError('internal', thrown instanceof Error ? thrown.message : String(thrown), { cause: thrown })
}
