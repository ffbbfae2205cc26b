/** A change of the offset beyond this, ms, is a step of the server's clock and no drift. */
const stepMs = 1000
/** How many steps are remembered. */
const maxSteps = 100

/** What one Redis server's clock reads, estimated from this process' monotonic clock and the times that the server has told. */
export class ServerClock {
  /** Server's clock less `performance.now()`, ms. */
  #offset: number | undefined
  /** When its steps were noticed, on `performance.now()`, and how far each went, ms; the newest last. */
  #steps: { at: number; by: number }[] = []

  /** Undefined before the server has told its time. Milliseconds since the epoch. */
  now(): number | undefined {
    return this.#offset === undefined ? undefined : performance.now() + this.#offset
  }

  /** When the server's clock was last found to have stepped, on `performance.now()`. */
  get steppedAt(): number {
    return this.#steps.at(-1)?.at ?? Number.NEGATIVE_INFINITY
  }

  /** How far the clock went ahead, and back, in the steps that were noticed in the last `ms`. */
  steps(ms: number): { ahead: number; back: number } {
    const recent = this.#steps.filter(({ at }) => performance.now() - at < ms)
    const sum = (sign: 1 | -1) => recent.reduce((total, { by }) => total + Math.max(0, sign * by), 0)
    return { ahead: sum(1), back: sum(-1) }
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
    const by = before === undefined ? 0 : this.#offset - before
    if (Math.abs(by) > stepMs) this.#steps = [...this.#steps.slice(1 - maxSteps), { at: receivedAt, by }]
  }
}
