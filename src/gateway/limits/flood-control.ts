/** How far a client may exceed its rate before the node reads slower. Below that the node reads all requests and refuses the surplus. */
const floodFactor = 20

export type FloodLimits = { messagesPerSecond: number; messageBurst: number; maxMessageBytes: number }

/**
 * By how much a client exceeds the pace at which the node reads from it. The node reads at most 20 times the permitted messages per
 * second, and at most the bytes that the permitted messages have at their maximum size. The reader waits until the client is
 * not ahead of this pace.
 */
export class FloodControl {
  readonly #limits: FloodLimits
  /** When everything that has arrived would have arrived at that pace, ms. */
  #due = 0

  constructor(limits: FloodLimits) {
    this.#limits = limits
  }

  /** Counts what arrived: frames or packets of any kind, and their bytes. */
  count(frames: number, bytes: number): void {
    const { messagesPerSecond, maxMessageBytes } = this.#limits
    const messages = Math.max(frames / floodFactor, bytes / maxMessageBytes)
    this.#due = Math.max(this.#due, performance.now()) + (1000 * messages) / messagesPerSecond
  }

  /** For how long the client is ahead of the pace and the burst, ms; 0 when it is not. */
  get aheadMs(): number {
    const { messagesPerSecond, messageBurst } = this.#limits
    return Math.max(0, this.#due - performance.now() - (1000 * messageBurst) / messagesPerSecond)
  }
}
