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
    return this.#since + this.#lifeMs
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

/** What a server that says nothing about it gives, ms. */
const usualLife = 600_000

/** How long a ticket is good, ms: standard base64 of ASCII JSON with notBefore and notAfter. */
function lifeOf(ticket: string): number {
  try {
    const { notBefore, notAfter } = JSON.parse(atob(ticket)) as { notBefore?: unknown; notAfter?: unknown }
    const life = Number(notAfter) - Number(notBefore)
    return life > 0 ? life : usualLife
  } catch {
    return usualLife
  }
}
