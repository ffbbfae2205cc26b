import { decodeBase64 } from './base64.ts'

/** The current reconnection ticket, and the one before: if an ack was lost, the server may expect either. */
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

  /** When the current ticket expires, ms. Computed from its lifetime, because the wall clock of this machine may be wrong. */
  get expiresAt(): number {
    return this.after(1)
  }

  /** When this fraction of the ticket's lifetime is over, ms. */
  after(part: number): number {
    return this.#since + this.#lifeMs * part
  }

  /** Returns to the ticket before; false if there is none. */
  revert(): boolean {
    if (this.#previous === undefined) return false
    this.#current = this.#previous
    this.#previous = undefined
    return true
  }

  /** @param used the ticket in whose exchange the server issued the new one */
  replace(ticket: string, used: string, now: number): void {
    this.#previous = used
    this.#current = ticket
    this.#lifeMs = lifeOf(ticket)
    this.#since = now
  }
}

/** The lifetime of a ticket without dates, ms: the servers' default for TICKET_TTL. */
export const defaultTicketLifeMs = 600_000

/** The lifetime of a ticket, ms. */
function lifeOf(ticket: string): number {
  const { notBefore, notAfter } = datesOf(ticket)
  const life = notAfter - notBefore
  return life > 0 ? life : defaultTicketLifeMs
}

/** The dates of a ticket, which is JSON in standard base64: ms since the epoch on the servers' clock, NaN for a missing date. */
export function datesOf(ticket: string): { notBefore: number; notAfter: number } {
  try {
    const { notBefore, notAfter } = JSON.parse(decodeBase64(ticket)) as { notBefore?: unknown; notAfter?: unknown }
    return { notBefore: Number(notBefore), notAfter: Number(notAfter) }
  } catch {
    return { notBefore: Number.NaN, notAfter: Number.NaN }
  }
}
