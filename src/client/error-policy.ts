import { SignalboxError, type SignalboxErrorCode } from './errors.ts'

/** A request, login or relogin that was refused with one of these codes may succeed on the next try. */
const retryableCodes: ReadonlySet<SignalboxErrorCode> = new Set([
  'unreachable',
  'lost',
  'timeout',
  'token_unavailable',
  'unavailable',
  'draining',
  'early_left',
  'too_many_requests',
  'in_service',
  'moved',
])

/** Refusals of a login token, in the handshake or in a login. Another token may be accepted. */
const tokenRefusals: ReadonlySet<SignalboxErrorCode> = new Set([
  'bad_token',
  'token_signature',
  'token_expired',
  'token_used',
  'unauthorized',
])

/** With one of these codes the session cannot be resumed on any node. */
const fatalCodes: ReadonlySet<SignalboxErrorCode> = new Set([
  'bad_ticket',
  'ticket_signature',
  'ticket_expired',
  'ticket_spent',
  'ticket_foreign',
  'participant_gone',
  'reconnection_disabled',
  'closed',
])

/** Whether a request that was refused with this code may succeed on the next try. */
export function isRetryable(code: SignalboxErrorCode): boolean {
  return retryableCodes.has(code)
}

/** Whether another login token may be accepted. */
export function isTokenRefusal(code: SignalboxErrorCode): boolean {
  return tokenRefusals.has(code)
}

/** Whether the session cannot be resumed on any node. After an unknown code the client tries again until the ticket expires. */
export function isFatalForSession(code: SignalboxErrorCode): boolean {
  return fatalCodes.has(code)
}

/**
 * The reason with which a failed try ends the session or the pending login; undefined: the client tries again.
 * @param session undefined during a login
 */
export function endingErrorOf(
  error: SignalboxError,
  session: { readonly expired: boolean } | undefined,
): SignalboxError | undefined {
  if (!session) return isRetryable(error.code) ? undefined : error
  if (isFatalForSession(error.code)) return error
  return session.expired
    ? new SignalboxError('ticket_expired', 'No node answered in time', { cause: error })
    : undefined
}
