import { decodeObject } from '../../core/auth/keyring.ts'
import type { ErrorCode } from '../../core/errors.ts'
import { networkOf } from '../../core/network.ts'

/** The errors that guesses of tickets or tokens cause. */
const credentialErrors: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
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
  return credentialErrors.has(code)
}

/** The throttle keys of a failed login or relogin: the client's network, and the id of the ticket or token if it has one. */
export function guessKeys(address: string, [payload]: unknown[]): string[] {
  const { ticket = payload, token = ticket } = fields(payload)
  const network = networkKey(address)
  try {
    const { ticketId, tokenId } = decodeObject(token)
    const id = ticketId ?? tokenId
    return typeof id === 'string' ? [network, `id ${id.slice(0, 64)}`] : [network]
  } catch {
    return [network]
  }
}

/** The throttle key of a client's network. */
export function networkKey(address: string): string {
  return `address ${networkOf(address)}`
}

function fields(value: unknown): { [name: string]: unknown } {
  return typeof value === 'object' && value !== null ? (value as { [name: string]: unknown }) : {}
}
