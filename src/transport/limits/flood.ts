import type { Socket as EngineSocket } from 'engine.io'

/** How often the rate may be passed before it is a flood: up to there every message is read and refused at once. */
const tolerance = 20

export type FloodLimits = { messagesPerSecond: number; messageBurst: number; maxMessageBytes: number }

/** The part of Engine.IO's transport and ws that its types keep private; long-polling has no socket, and needs none. */
type TransportLike = { socket?: { pause(): void; resume(): void } }

/**
 * Reads slower from one who sends far more than it may, so that refusing it does not take the time of others: more than
 * 20 times the rate, or more bytes than the largest messages at the rate have. Nothing is dropped; TCP makes it wait.
 */
export class Flood {
  readonly #engine: EngineSocket
  readonly #limits: FloodLimits
  /** When all that has come would have been due, at the pace that is tolerated; ms. */
  #due = 0
  #waiting = false

  constructor(engine: EngineSocket, limits: FloodLimits) {
    this.#engine = engine
    this.#limits = limits
    engine.on('packet', ({ data }: { data?: string | Buffer }) => this.#count(data?.length ?? 0))
  }

  #count(length: number): void {
    const { messagesPerSecond, maxMessageBytes } = this.#limits
    const now = Date.now()
    const share = Math.max(1 / tolerance, length / maxMessageBytes)
    this.#due = Math.max(this.#due, now) + (1000 * share) / messagesPerSecond
    if (!this.#waiting && this.#ahead(now) > 0) this.#wait()
  }

  /** By how much it is ahead of what its burst allows, ms. */
  #ahead(now: number): number {
    const { messagesPerSecond, messageBurst } = this.#limits
    return this.#due - now - (1000 * messageBurst) / messagesPerSecond
  }

  #wait(): void {
    const { socket } = this.#engine.transport as unknown as TransportLike
    if (!socket || this.#engine.readyState !== 'open') return
    this.#waiting = true
    socket.pause()
    // what was read before goes on coming, and counts
    setTimeout(() => {
      this.#waiting = false
      if (this.#ahead(Date.now()) > 0) this.#wait()
      else socket.resume()
    }, this.#ahead(Date.now())).unref()
  }
}
