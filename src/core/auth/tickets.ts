import { SignalError } from '../errors.ts'
import { decodeObject, encodeAscii, type Keyring, sign, verify } from './keyring.ts'

/**
 * A reconnection ticket. `roomName` is the room's name in its dialect, which OWT calls `roomId`; times are ms since the epoch.
 * OWT's clients read `notAfter` and send the ticket back unchanged (docs/owt.md#reconnection-tickets).
 */
export type Ticket = {
  participantId: string
  roomName: string
  ticketId: string
  notBefore: number
  notAfter: number
}

/** How far the clock of the node that issued a ticket may be ahead, ms: an older version dates tickets by its own clock. */
const maxClockSkewMs = 30_000

const parts = (dialect: string, ticket: Ticket) => [
  dialect,
  ticket.participantId,
  ticket.roomName,
  ticket.ticketId,
  ticket.notBefore,
  ticket.notAfter,
]

/** Standard base64 of ASCII JSON, with a signature. The ticket is valid in one dialect only. */
export function writeTicket(keys: Keyring, dialect: string, ticket: Ticket): string {
  const { participantId, roomName: roomId, ticketId, notBefore, notAfter } = ticket
  const signature = sign(keys, 'ticket', parts(dialect, ticket))
  return encodeAscii({ participantId, roomId, ticketId, notBefore, notAfter, signature })
}

/**
 * @param earliest and `latest`: the range of what the clock of the ticket's dates may read now; ms since the epoch
 * @param dialectNames all dialects: a valid ticket of another one is refused as `ticket_foreign`
 * @throws bad_ticket (the detail says what cannot be read), ticket_signature, ticket_foreign, ticket_expired
 */
export function readTicket(
  keys: Keyring,
  dialect: string,
  text: unknown,
  earliest: number,
  latest = earliest,
  dialectNames: readonly string[] = [],
): Ticket {
  const ticket = decode(text)
  const { participantId, roomName, ticketId, notBefore, notAfter } = ticket
  const isOf = (name: string) => verify(keys, 'ticket', parts(name, ticket), ticket.signature)
  if (!isOf(dialect)) throw new SignalError(dialectNames.some(isOf) ? 'ticket_foreign' : 'ticket_signature')
  if (latest < notBefore - maxClockSkewMs || earliest > notAfter) throw new SignalError('ticket_expired')
  return { participantId, roomName, ticketId, notBefore, notAfter }
}

function decode(text: unknown): Ticket & { signature: string } {
  let fields: { [field: string]: unknown }
  try {
    fields = decodeObject(text)
  } catch (error) {
    throw new SignalError('bad_ticket', error instanceof Error ? error.message : '', { cause: error })
  }
  const { participantId, roomId, ticketId, notBefore, notAfter, signature } = fields
  if (typeof notBefore !== 'number' || typeof notAfter !== 'number') throw new SignalError('bad_ticket', 'No dates')
  if (typeof participantId !== 'string' || typeof roomId !== 'string') throw new SignalError('bad_ticket', 'No ids')
  if (typeof ticketId !== 'string' || typeof signature !== 'string') throw new SignalError('ticket_signature')
  return { participantId, roomName: roomId, ticketId, notBefore, notAfter, signature }
}
