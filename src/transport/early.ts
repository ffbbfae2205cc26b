/** What one client may have waiting before it is logged in, and for how long (wire 2). */
const most = 100
const patience = 10_000

/**
 * Requests that came before login or relogin was answered: socket.io-client sends its buffer first (facts/owt.md 9).
 * They wait for the answer and are then served in order.
 */
export class EarlyRequests {
  #waiting: { serve: () => void; refuse: (full?: true) => void }[] = []
  #timer: NodeJS.Timeout | undefined

  /** `refuse` is called instead of `serve` when there are too many (`full`), or when the wait gets too long. */
  wait(serve: () => void, refuse: (full?: true) => void, ms = patience): void {
    if (this.#waiting.length >= most) {
      refuse(true)
      return
    }
    this.#waiting.push({ serve, refuse })
    this.#timer ??= setTimeout(() => this.refuseAll(), ms).unref()
  }

  serveAll(): void {
    for (const { serve } of this.#take()) serve()
  }

  refuseAll(): void {
    for (const { refuse } of this.#take()) refuse()
  }

  #take() {
    clearTimeout(this.#timer)
    this.#timer = undefined
    const waiting = this.#waiting
    this.#waiting = []
    return waiting
  }
}
