import type { Socket } from 'socket.io'
import type { Flight as CoreFlight } from '../core/ports/connection.ts'
import type { DeliveryConfirmations } from './delivery-confirmations.ts'

/** Pings of one flight: so many at once, and from then on one in so many ms. */
const burst = 10
const gap = 1000

/**
 * What one session sent to its client and may not have arrived. One proof is under way at a time. On a WebSocket it is a
 * ping: at once where little is sent, one a second where much is, none where nothing is. With long-polling it is the next
 * poll, which costs nothing and is always waited for.
 */
export class Flight implements CoreFlight {
  readonly #socket: Socket
  readonly #confirmations: DeliveryConfirmations
  #oldest: number | undefined
  #newest = 0
  #proving = false
  /** From when on the next ping may be sent. */
  #next = Number.NEGATIVE_INFINITY
  #timer: NodeJS.Timeout | undefined
  #withdraw = () => {}

  constructor(socket: Socket, confirmations: DeliveryConfirmations) {
    this.#socket = socket
    this.#confirmations = confirmations
  }

  get oldest(): number | undefined {
    return this.#oldest
  }

  sent(seq: number): void {
    this.#oldest ??= seq
    this.#newest = seq
    if (!this.#proving) this.#prove()
  }

  end(): void {
    clearTimeout(this.#timer)
    this.#withdraw()
    this.#proving = true // so that none begins
  }

  #prove(): void {
    this.#proving = true
    const wait = this.#socket.conn.transport.name === 'websocket' ? this.#next - performance.now() : 0
    if (wait <= 0) this.#ask()
    else this.#timer = setTimeout(() => this.#ask(), wait).unref()
  }

  #ask(): void {
    const mark = this.#newest
    this.#next = Math.max(this.#next, performance.now() - (burst - 1) * gap) + gap
    this.#withdraw = this.#confirmations.request(() => {
      this.#proving = false
      this.#oldest = this.#newest > mark ? mark + 1 : undefined
      if (this.#oldest !== undefined) this.#prove()
    })
  }
}
