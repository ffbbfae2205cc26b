import type { ErrorCode } from '../protocol/errors.ts'

/**
 * What goes wrong on this side of the wire. `unreachable`: no node answered in time. `lost`: one connection ended; the
 * session goes on. `closed`: by this program. `dropped`: by the server. `no_session`: there is no session.
 * `token_unavailable`: the program's token function failed; the cause is its error.
 */
export type ClientErrorCode =
  | 'unreachable'
  | 'lost'
  | 'timeout'
  | 'closed'
  | 'dropped'
  | 'no_session'
  | 'token_unavailable'

/** Codes of servers newer than this library are passed on as they are. */
export type SignalboxErrorCode = ErrorCode | ClientErrorCode | (string & {})

/** Every rejection of this library. `message` is the server's sentence when it was the server that refused. */
export class SignalboxError extends Error {
  readonly code: SignalboxErrorCode

  constructor(code: SignalboxErrorCode, message: string = code, options?: ErrorOptions) {
    super(message, options)
    this.name = 'SignalboxError'
    this.code = code
  }
}

/** Anything that was thrown, as an error of this library. */
export function asSignalboxError(thrown: unknown): SignalboxError {
  if (thrown instanceof SignalboxError) return thrown
  return new SignalboxError('internal', thrown instanceof Error ? thrown.message : String(thrown), { cause: thrown })
}
