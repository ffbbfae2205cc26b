import type { Socket } from 'socket.io'
import type { Flight as CoreFlight } from '../core/ports/connection.ts'
import type { DeliveryConfirmations } from './delivery-confirmations.ts'

/** How many pings a session may cause at once, and from then on one in so many ms. */
const pingBurst = 10
const pingPeriodMs = 1000
/** A client that answers no ping makes nothing grow. */
const maxOpenProofs = 10

/**
 * What one session sent to its client and may not have arrived. On a WebSocket a ping proves it: right after the messages where
 * little is sent, one a second where much is, none where nothing is. With long-polling it is the next poll, which costs nothing.
 * A ping is also sent at once when the client itself sends a request, which may be an answer.
 */
export class Flight implements CoreFlight {
  readonly #socket: Socket
  readonly #confirmations: DeliveryConfirmations
  /** Withdraw the open proofs. */
  readonly #open = new Set<() => void>()
  #oldest: number | undefined
  #newest = 0
  /** What the newest proof was asked for. */
  #asked = 0
  /** From when on the next ping may be sent. */
  #next = Number.NEGATIVE_INFINITY
  #timer: NodeJS.Timeout | undefined
  #soon: NodeJS.Immediate | undefined
  #prompted: { seq: number; progressed: () => void } | undefined

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
    // what is sent together needs one proof
    this.#soon ??= setImmediate(() => {
      this.#soon = undefined
      this.#prove()
    })
  }

  prompt(progressed: () => void): void {
    this.#prompted = { seq: this.#newest, progressed }
    this.#ask()
  }

  end(): void {
    clearTimeout(this.#timer)
    clearImmediate(this.#soon)
    for (const withdraw of this.#open) withdraw()
    this.#open.clear()
    this.#asked = Number.POSITIVE_INFINITY // so that none is asked for
  }

  #prove(): void {
    if (this.#timer) return
    const wait = this.#socket.conn.transport.name === 'websocket' ? this.#next - performance.now() : 0
    if (wait <= 0) this.#ask()
    else {
      this.#timer = setTimeout(() => {
        this.#timer = undefined
        this.#ask()
      }, wait).unref()
    }
  }

  #ask(): void {
    if (this.#asked >= this.#newest || this.#open.size >= maxOpenProofs) return
    const seq = this.#newest
    this.#asked = seq
    const now = performance.now()
    // those that a request or a poll caused do not put the next one off further
    this.#next = Math.min(now, Math.max(this.#next, now - (pingBurst - 1) * pingPeriodMs)) + pingPeriodMs
    const withdraw = this.#confirmations.request(() => {
      this.#open.delete(withdraw)
      this.#arrived(seq)
    })
    this.#open.add(withdraw)
  }

  /** The client is known to have everything up to there. */
  #arrived(seq: number): void {
    this.#oldest = this.#newest > seq ? seq + 1 : undefined
    const prompted = this.#prompted
    if (prompted && seq >= prompted.seq) this.#prompted = undefined
    prompted?.progressed()
    if (this.#newest > this.#asked) this.#prove()
  }
}
