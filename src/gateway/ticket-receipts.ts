import type { Session } from '../core/session/session.ts'
import type { DeliveryConfirmations } from './delivery-confirmations.ts'

type SentTicket = { session: Session; ticketId: string }

/**
 * Learns which ticket a client is known to have. One confirmation is open at a time, for one ticket; of those sent
 * meanwhile only the newest is asked for next, so that a client that answers no ping makes nothing grow.
 */
export class TicketReceipts {
  readonly #confirmations: DeliveryConfirmations
  readonly #received: (session: Session, ticketId: string) => void
  #withdraw: (() => void) | undefined
  #next: SentTicket | undefined
  #ended = false

  constructor(confirmations: DeliveryConfirmations, received: (session: Session, ticketId: string) => void) {
    this.#confirmations = confirmations
    this.#received = received
  }

  /** An ack with the session's newest ticket was sent just now. */
  sent(session: Session): void {
    if (this.#ended) return
    this.#next = { session, ticketId: session.tickets.newest }
    if (!this.#withdraw) this.#request(this.#next)
  }

  /** The connection is lost: what was not confirmed until now never will be. */
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
