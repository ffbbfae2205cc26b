import type { Session } from '../core/session/session.ts'
import type { DeliveryConfirmations } from './delivery-confirmations.ts'

type SentTicket = { session: Session; ticketId: string }

/**
 * Finds out which of its tickets a client has received. One confirmation is open at a time. Of the tickets sent meanwhile only the newest is
 * confirmed next, so that the memory does not grow for a client that answers no ping.
 */
export class TicketConfirmations {
  readonly #confirmations: DeliveryConfirmations
  readonly #received: (session: Session, ticketId: string) => void
  #withdraw: (() => void) | undefined
  #next: SentTicket | undefined
  #ended = false

  constructor(confirmations: DeliveryConfirmations, received: (session: Session, ticketId: string) => void) {
    this.#confirmations = confirmations
    this.#received = received
  }

  /** Call it after the ack with the session's newest ticket. */
  sent(session: Session): void {
    if (this.#ended) return
    this.#next = { session, ticketId: session.tickets.newest }
    if (!this.#withdraw) this.#request(this.#next)
  }

  /** The connection is lost: no more confirmations will come. */
  end(): void {
    this.#ended = true
    this.#withdraw?.()
  }

  #request({ session, ticketId }: SentTicket): void {
    this.#next = undefined
    this.#withdraw = this.#confirmations.request(() => {
      this.#withdraw = undefined
      this.#received(session, ticketId)
      if (this.#next) this.#request(this.#next)
    })
  }
}
