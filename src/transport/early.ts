/** What one client may have waiting before it is logged in, and for how long (wire 2). */
const most = 100
const patience = 10_000

/** Too many wait, or the node needs the memory. */
export type EarlyRefusal = 'too_many_early' | 'node_memory'

/**
 * Requests that came before login or relogin was answered: socket.io-client sends its buffer first (facts/owt.md 9).
 * They wait for the answer and are then served in order.
 */
export class EarlyRequests {
  #waiting: { serve: () => void; refuse: (why?: EarlyRefusal) => void }[] = []
  #timer: NodeJS.Timeout | undefined

  /** `refuse` is called instead of `serve`: with a reason, or without one when no login comes. */
  wait(serve: () => void, refuse: (why?: EarlyRefusal) => void, ms = patience): void {
    if (this.#waiting.length >= most) {
      refuse('too_many_early')
      return
    }
    this.#waiting.push({ serve, refuse })
    this.#timer ??= setTimeout(() => this.refuseAll(), ms).unref()
  }

  serveAll(): void {
    for (const { serve } of this.#take()) serve()
  }

  refuseAll(why?: EarlyRefusal): void {
    for (const { refuse } of this.#take()) refuse(why)
  }

  #take() {
    clearTimeout(this.#timer)
    this.#timer = undefined
    const waiting = this.#waiting
    this.#waiting = []
    return waiting
  }
}
