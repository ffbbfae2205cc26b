import type { Clock } from './clock.ts'
import type { Link } from './link.ts'
import type { Tickets } from './ticket.ts'

/** Refreshing starts after this part of a ticket's life, and is tried again until its end. */
const part = 0.6
const longestMs = 24 * 3600 * 1000

/** Asks for a new ticket in time, as long as there is a connection. */
export class TicketRefresh {
  readonly #clock: Clock
  readonly #random: () => number
  #cancel: (() => void) | undefined
  /** What is kept fresh; an answer that comes for anything else is too late. */
  #kept: { link: Link; tickets: Tickets } | undefined

  constructor(clock: Clock, random: () => number) {
    this.#clock = clock
    this.#random = random
  }

  keep(link: Link, tickets: Tickets): void {
    this.stop()
    const kept = { link, tickets }
    this.#kept = kept
    const left = Math.max(0, tickets.expiresAt - this.#clock.now())
    // spread, so that clients that came together do not refresh together
    const wait = Math.max(100, left * (part + this.#random() * 0.1))
    this.#cancel = this.#clock.after(Math.min(longestMs, wait), () => {
      const used = tickets.current
      link.ask('refreshReconnectionTicket', [], (answer) => {
        // a relogin that was asked meanwhile has brought a newer one
        if (this.#kept !== kept || used !== tickets.current) return
        if (answer.ok) tickets.replace(String(answer.data), used, this.#clock.now())
        this.keep(link, tickets)
      })
    })
  }

  stop(): void {
    this.#cancel?.()
    this.#cancel = undefined
    this.#kept = undefined
  }
}
