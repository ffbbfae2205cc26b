import type { Clock } from '../../../src/client/clock.ts'

/** Time that passes when it is told to. */
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

  /** Time passes, and no timer is called: the device sleeps, or holds up the timers of a hidden tab. */
  oversleep(ms: number): void {
    this.#now += ms
  }

  /** What is due is called in order, and what follows from each is done before the next. */
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

/** Everything that was begun and needs no time is done. */
export function quiet(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve))
}
