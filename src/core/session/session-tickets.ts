import { type IssuedTickets, newestTicket, withConfirmed, withRenewed } from './issued-tickets.ts'

/** The tickets of a session, and which of them its client has received. */
export class SessionTickets {
  #tickets: IssuedTickets
  #confirmed: boolean
  /** The last one that the client is known to have received over this connection. */
  #confirmedId: string | undefined

  /** @param confirmed whether the client is known to have one of them */
  constructor(tickets: IssuedTickets, confirmed: boolean) {
    this.#tickets = tickets
    this.#confirmed = confirmed
  }

  get valid(): IssuedTickets {
    return this.#tickets
  }

  get newest(): string {
    return newestTicket(this.#tickets)
  }

  /** Whether the client is known to have a ticket. */
  get ticketConfirmed(): boolean {
    return this.#confirmed
  }

  confirm(ticketId: string): void {
    this.#confirmed = true
    this.#confirmedId = ticketId
    this.#tickets = withConfirmed(this.#tickets, ticketId)
  }

  /** Adds a new ticket. @returns a function that takes it back, and keeps confirmations that arrive meanwhile */
  renew(ticketId: string): () => void {
    const before = this.#tickets
    this.#tickets = withRenewed(before, ticketId)
    return () => {
      this.#tickets = withConfirmed(before, this.#confirmedId ?? '')
    }
  }
}
