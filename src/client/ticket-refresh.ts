import type { Clock } from './clock.ts'

/** Refreshing starts after this part of a ticket's life, and is tried again until its end. */
const part = 0.6
const longestMs = 24 * 3600 * 1000

/** Asks for a new ticket in time, as long as there is a connection. */
export class TicketRefresh {
  readonly #clock: Clock
  readonly #random: () => number
  #cancel: (() => void) | undefined

  constructor(clock: Clock, random: () => number) {
    this.#clock = clock
    this.#random = random
  }

  /** @param expiresAt when the ticket ends @param refresh asks for the new one; called once */
  schedule(expiresAt: number, refresh: () => void): void {
    this.stop()
    const left = Math.max(0, expiresAt - this.#clock.now())
    // spread, so that clients that came together do not refresh together
    const wait = left * (part + this.#random() * 0.1)
    this.#cancel = this.#clock.after(Math.min(longestMs, Math.max(wait, 100)), refresh)
  }

  stop(): void {
    this.#cancel?.()
    this.#cancel = undefined
  }
}
