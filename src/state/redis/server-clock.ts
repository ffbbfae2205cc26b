/** A change of the offset beyond this, ms, is a step of the server's clock and no drift. */
const stepMs = 1000

/** What one Redis server's clock reads, estimated from this process' monotonic clock and the times that the server has told. */
export class ServerClock {
  /** Server's clock less `performance.now()`, ms. */
  #offset: number | undefined
  #steppedAt = Number.NEGATIVE_INFINITY

  /** Undefined before the server has told its time. Milliseconds since the epoch. */
  now(): number | undefined {
    return this.#offset === undefined ? undefined : performance.now() + this.#offset
  }

  /** When the server's clock was last found to have stepped, on `performance.now()`. */
  get steppedAt(): number {
    return this.#steppedAt
  }

  /**
   * The server read its clock between `sentAt` and `receivedAt` (both on `performance.now()`), so the offset lies between
   * two bounds. An estimate within them stays: an answer that took long, or that waited for this process, moves nothing.
   * @param serverMs whole milliseconds since the epoch
   */
  learn(serverMs: number, sentAt: number, receivedAt: number): void {
    const lowest = serverMs - receivedAt
    const highest = serverMs + 1 - sentAt
    const before = this.#offset
    this.#offset = before === undefined ? (lowest + highest) / 2 : Math.min(Math.max(before, lowest), highest)
    if (before !== undefined && Math.abs(this.#offset - before) > stepMs) this.#steppedAt = receivedAt
  }
}
