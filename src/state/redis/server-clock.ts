/** A larger change of the offset is a step of the server's clock, not drift, ms. */
const stepMs = 1000
/** How many steps a node remembers. */
const maxSteps = 100

/** The clock of one Redis server, estimated from the monotonic clock of this process and the times that the server answered. */
export class ServerClock {
  /** The server's clock minus `performance.now()`, ms. */
  #offset: number | undefined
  /** When the node noticed each step, on `performance.now()`, and how far it went, ms; the newest last. */
  #steps: { at: number; by: number }[] = []

  /** Milliseconds since the epoch; undefined before the server has answered its time. */
  now(): number | undefined {
    return this.#offset === undefined ? undefined : performance.now() + this.#offset
  }

  /** When the node last noticed a step, on `performance.now()`. */
  get steppedAt(): number {
    return this.#steps.at(-1)?.at ?? Number.NEGATIVE_INFINITY
  }

  /** How far the clock stepped ahead and back in total, ms, in the steps that the node noticed in the last `ms`. */
  steps(ms: number): { ahead: number; back: number } {
    const recent = this.#steps.filter(({ at }) => performance.now() - at < ms)
    const sum = (sign: 1 | -1) => recent.reduce((total, { by }) => total + Math.max(0, sign * by), 0)
    return { ahead: sum(1), back: sum(-1) }
  }

  /**
   * The server read its clock between `sentAt` and `receivedAt` (both on `performance.now()`), which bounds the offset. An estimate
   * within the bounds stays, so a slow answer, or a busy process, does not move it.
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
