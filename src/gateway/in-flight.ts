import type { Socket } from 'socket.io'
import type { DeliveryTracker } from '../core/ports/connection.ts'
import type { DeliveryConfirmations } from './delivery-confirmations.ts'

/** How many pings a session may cause at once; after that, one in each period. */
const pingBurst = 10
const pingPeriodMs = 1000
/** Limits the memory for a client that answers no ping. */
const maxOpenConfirmations = 10

/**
 * The messages of one session that its client may not have received.
 * - On a WebSocket a pong confirms their arrival. The node sends the ping right after the messages, and at most one a second after
 *   the first burst.
 * - With long-polling the next poll confirms it, at no cost.
 * - A request of the client causes a ping at once, because it may answer a message.
 */
export class InFlightTracker implements DeliveryTracker {
  readonly #socket: Socket
  readonly #confirmations: DeliveryConfirmations
  /** The functions that withdraw open requests for confirmation. */
  readonly #open = new Set<() => void>()
  #oldest: number | undefined
  #newest = 0
  /** The newest message for which a confirmation was requested. */
  #requested = 0
  /** When the next ping may be sent, ms. */
  #nextPingAt = Number.NEGATIVE_INFINITY
  #timer: NodeJS.Timeout | undefined
  #soon: NodeJS.Immediate | undefined
  #awaited: { seq: number; onProgress: () => void } | undefined

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
    // messages that are sent together need one confirmation
    this.#soon ??= setImmediate(() => {
      this.#soon = undefined
      this.#requestWhenDue()
    })
  }

  requestConfirmation(onProgress: () => void): void {
    this.#awaited = { seq: this.#newest, onProgress }
    this.#request()
  }

  end(): void {
    clearTimeout(this.#timer)
    clearImmediate(this.#soon)
    for (const withdraw of this.#open) withdraw()
    this.#open.clear()
    this.#requested = Number.POSITIVE_INFINITY // requests no more confirmations
  }

  #requestWhenDue(): void {
    if (this.#timer) return
    const wait = this.#socket.conn.transport.name === 'websocket' ? this.#nextPingAt - performance.now() : 0
    if (wait <= 0) this.#request()
    else {
      this.#timer = setTimeout(() => {
        this.#timer = undefined
        this.#request()
      }, wait).unref()
    }
  }

  #request(): void {
    if (this.#requested >= this.#newest || this.#open.size >= maxOpenConfirmations) return
    const seq = this.#newest
    this.#requested = seq
    const now = performance.now()
    // a ping that a request or a poll caused delays the next one by one period at most
    this.#nextPingAt = Math.min(now, Math.max(this.#nextPingAt, now - (pingBurst - 1) * pingPeriodMs)) + pingPeriodMs
    const withdraw = this.#confirmations.request(() => {
      this.#open.delete(withdraw)
      this.#arrived(seq)
    })
    this.#open.add(withdraw)
  }

  /** The client is known to have received everything up to this number. */
  #arrived(seq: number): void {
    this.#oldest = this.#newest > seq ? seq + 1 : undefined
    const awaited = this.#awaited
    if (awaited && seq >= awaited.seq) this.#awaited = undefined
    awaited?.onProgress()
    if (this.#newest > this.#requested) this.#requestWhenDue()
  }
}
