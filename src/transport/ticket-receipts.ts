import type { Session } from '../core/session.ts'
import type { DeliveryConfirmations } from './delivery-confirmations.ts'

/**
 * Learns which ticket a client is known to have. One confirmation is open at a time, for one ticket; of those sent
 * meanwhile only the newest is asked for next, so that a client that answers no ping makes nothing grow.
 */
export class TicketReceipts {
  readonly #confirmations: DeliveryConfirmations
  readonly #received: (session: Session) => void
  #withdraw: (() => void) | undefined
  #next: Session | undefined
  #ended = false

  constructor(confirmations: DeliveryConfirmations, received: (session: Session) => void) {
    this.#confirmations = confirmations
    this.#received = received
  }

  /** An ack with a ticket was sent. */
  sent(session: Session): void {
    if (this.#ended) return
    this.#next = session
    if (!this.#withdraw) this.#request(session)
  }

  /** The connection is lost: what was not confirmed until now never will be. */
  end(): void {
    this.#ended = true
    this.#withdraw?.()
  }

  #request(session: Session): void {
    this.#next = undefined
    this.#withdraw = this.#confirmations.request(() => {
      this.#withdraw = undefined
      this.#received(session)
      if (this.#next) this.#request(this.#next)
    })
  }
}
