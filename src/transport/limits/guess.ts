import type { ErrorCode } from '../../core/errors.ts'
import { decodeObject } from '../../core/keyring.ts'

/** Refusals that someone who guesses tickets or tokens runs into. */
const tellTales: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  'bad_token',
  'token_signature',
  'token_expired',
  'token_used',
  'bad_ticket',
  'ticket_signature',
  'ticket_expired',
  'ticket_spent',
  'ticket_foreign',
  'participant_gone',
])

export function looksLikeGuessing(code: ErrorCode): boolean {
  return tellTales.has(code)
}

/** Under what a failed login or relogin is remembered: the client's address, and the ticket or token it named. */
export function guessKeys(address: string, [payload]: unknown[]): string[] {
  const { ticket = payload, token = ticket } = fields(payload)
  try {
    const { ticketId, tokenId } = decodeObject(token)
    const id = ticketId ?? tokenId
    return typeof id === 'string' ? [`address ${address}`, `id ${id.slice(0, 64)}`] : [`address ${address}`]
  } catch {
    return [`address ${address}`]
  }
}

function fields(value: unknown): { [name: string]: unknown } {
  return typeof value === 'object' && value !== null ? (value as { [name: string]: unknown }) : {}
}
