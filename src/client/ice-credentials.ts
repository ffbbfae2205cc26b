import type { IceServer } from './mesh/rtc.ts'
import { datesOf, defaultTicketLifeMs } from './tickets.ts'

/** The current ICE servers, and how long their TURN credentials are valid. */
export class IceCredentials {
  #servers: IceServer[] | undefined
  #since = 0
  #lifeMs: number | undefined

  get servers(): IceServer[] | undefined {
    return this.#servers
  }

  /** When they arrived, ms. */
  get since(): number {
    return this.#since
  }

  /** How long they are valid after that, ms; undefined if they do not expire. */
  get lifeMs(): number | undefined {
    return this.#lifeMs
  }

  /** When this part of their life is over; Infinity if they do not expire. */
  after(part: number): number {
    return this.#since + (this.#lifeMs ?? Number.POSITIVE_INFINITY) * part
  }

  /** @param ticket of the same ack @param now ms, on the clock of `since` */
  take(servers: IceServer[], ticket: string, now: number): void {
    this.#servers = servers
    this.#since = now
    this.#lifeMs = iceLifetimeMs(servers, ticket)
  }
}

/**
 * How long the TURN credentials of an ack are good from its arrival on, ms; undefined if none expires. Their username is
 * `expiry:user`, in seconds on the servers' clock, which dated the ticket of the same ack too: the device's clock may be wrong.
 */
export function iceLifetimeMs(servers: readonly IceServer[], ticket: string): number | undefined {
  const expiries = servers.flatMap(({ username = '' }) => {
    const [, expiry] = /^(\d{10,12}):/.exec(username) ?? [] // a number with fewer digits is a date before 2001
    return expiry === undefined ? [] : [Number(expiry) * 1000]
  })
  if (expiries.length === 0) return undefined
  const life = Math.min(...expiries) - datesOf(ticket).notBefore
  // a ticket without a date, or clocks that disagree: the lifetime is unknown, and too short is safer than too long
  return life > 0 ? life : defaultTicketLifeMs
}
