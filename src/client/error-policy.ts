import type { SignalboxErrorCode } from './errors.ts'

/** A request, login or relogin that was refused with one of these may work on the next try. */
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

/** With one of these the session cannot be had back, whichever node is asked. */
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

/** Whether a request that was refused so may be done on the next try. */
export function mayPass(code: SignalboxErrorCode): boolean {
  return retryableCodes.has(code)
}

/** What a program's login is told at once. */
export function isFatalForLogin(code: SignalboxErrorCode): boolean {
  return !mayPass(code)
}

export function refusesToken(code: SignalboxErrorCode): boolean {
  return tokenRefusals.has(code)
}

/** Anything that nobody foresaw is tried again, until the ticket ends. */
export function isFatalForSession(code: SignalboxErrorCode): boolean {
  return fatalCodes.has(code)
}
