/** How many requests may wait on one connection before its login, and for how long (docs/protocol.md#requests). */
const maxEarlyRequests = 100
const earlyRequestTimeoutMs = 10_000

/** Too many requests wait, or the node needs the memory. */
export type EarlyRefusal = 'too_many_early' | 'node_memory'

type Waiting = { serve: () => void; refuse: (why?: EarlyRefusal) => void; ms: number }

/**
 * Requests that came before login or relogin was answered: socket.io-client sends its buffer first (docs/owt.md#client-libraries).
 * They wait for the answer and are then served in order.
 */
export class EarlyRequests {
  #waiting: Waiting[] = []
  /** One timer for each waiting time, started by the first request with that time. */
  readonly #timers = new Map<number, NodeJS.Timeout>()

  /** Calls `serve` after a login, or `refuse`: with a reason, or without one if no login comes within `ms`. */
  wait(serve: () => void, refuse: (why?: EarlyRefusal) => void, ms = earlyRequestTimeoutMs): void {
    if (this.#waiting.length >= maxEarlyRequests) {
      refuse('too_many_early')
      return
    }
    this.#waiting.push({ serve, refuse, ms })
    if (!this.#timers.has(ms)) this.#timers.set(ms, setTimeout(() => this.#expire(ms), ms).unref())
  }

  serveAll(): void {
    for (const { serve } of this.#take()) serve()
  }

  refuseAll(why?: EarlyRefusal): void {
    for (const { refuse } of this.#take()) refuse(why)
  }

  #expire(ms: number): void {
    this.#timers.delete(ms)
    const due = this.#waiting.filter((waiting) => waiting.ms === ms)
    this.#waiting = this.#waiting.filter((waiting) => waiting.ms !== ms)
    for (const { refuse } of due) refuse()
  }

  #take(): Waiting[] {
    for (const timer of this.#timers.values()) clearTimeout(timer)
    this.#timers.clear()
    const waiting = this.#waiting
    this.#waiting = []
    return waiting
  }
}
