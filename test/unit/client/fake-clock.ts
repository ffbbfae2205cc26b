import type { Clock } from '../../../src/client/clock.ts'

/** A clock whose time passes only in `pass` and `oversleep`. */
export class FakeClock implements Clock {
  #now = 0
  #timers: { at: number; call: () => void }[] = []

  now(): number {
    return this.#now
  }

  after(ms: number, call: () => void): () => void {
    const timer = { at: this.#now + ms, call }
    this.#timers.push(timer)
    return () => {
      this.#timers = this.#timers.filter((other) => other !== timer)
    }
  }

  /** Time passes without calling timers: the device sleeps, or delays the timers of a hidden tab. */
  oversleep(ms: number): void {
    this.#now += ms
  }

  /** Calls the timers that are due in order, and waits for the effects of each before the next. */
  async pass(ms: number): Promise<void> {
    const end = this.#now + ms
    for (;;) {
      await quiet()
      const [next] = this.#timers.filter(({ at }) => at <= end).toSorted((one, other) => one.at - other.at)
      if (!next) break
      this.#timers = this.#timers.filter((timer) => timer !== next)
      this.#now = Math.max(this.#now, next.at)
      next.call()
    }
    this.#now = end
    await quiet()
  }
}

/** Resolves when all pending promises are settled. */
export function quiet(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve))
}
