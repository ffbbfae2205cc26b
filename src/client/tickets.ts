import { decodeBase64 } from './base64.ts'

/** The reconnection ticket in hand, and the one before: an ack that was lost may have left the server with either. */
export class Tickets {
  #current: string
  #previous: string | undefined
  #lifeMs: number
  #since: number

  /** @param now ms, on the clock that all times here are on */
  constructor(ticket: string, now: number) {
    this.#current = ticket
    this.#lifeMs = lifeOf(ticket)
    this.#since = now
  }

  get current(): string {
    return this.#current
  }

  /** When the current ticket ends. Only its duration is read of it: this machine's clock may be wrong. */
  get expiresAt(): number {
    return this.after(1)
  }

  /** When this part of the current ticket's life is over. */
  after(part: number): number {
    return this.#since + this.#lifeMs * part
  }

  /** Goes back to the one before; false when there is none. */
  revert(): boolean {
    if (this.#previous === undefined) return false
    this.#current = this.#previous
    this.#previous = undefined
    return true
  }

  /** @param used the ticket that the new one was given for */
  replace(ticket: string, used: string, now: number): void {
    this.#previous = used
    this.#current = ticket
    this.#lifeMs = lifeOf(ticket)
    this.#since = now
  }
}

/** The lifetime of a ticket without dates, ms: the servers' default for TICKET_TTL. */
export const defaultTicketLifeMs = 600_000

/** How long a ticket is good, ms. */
function lifeOf(ticket: string): number {
  const { notBefore, notAfter } = datesOf(ticket)
  const life = notAfter - notBefore
  return life > 0 ? life : defaultTicketLifeMs
}

/** Of standard base64 of ASCII JSON: ms since the epoch on the servers' clock, NaN for a missing date. */
export function datesOf(ticket: string): { notBefore: number; notAfter: number } {
  try {
    const { notBefore, notAfter } = JSON.parse(decodeBase64(ticket)) as { notBefore?: unknown; notAfter?: unknown }
    return { notBefore: Number(notBefore), notAfter: Number(notAfter) }
  } catch {
    return { notBefore: Number.NaN, notAfter: Number.NaN }
  }
}
