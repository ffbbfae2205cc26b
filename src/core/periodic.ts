import { type Failed, inBackground } from './background.ts'

/** Repeats work, with a pause of 75 to 100 % of the interval between two runs, so that nodes do not act in step. */
export class Periodic {
  readonly #failed: Failed
  readonly #timers = new Set<NodeJS.Timeout>()
  #stopped = false

  constructor(failed: Failed) {
    this.#failed = failed
  }

  /** Runs `work` again and again until `stop`, the first time after a pause. A run that throws does not end the repetition. */
  every(intervalMs: number, work: () => Promise<unknown>): void {
    if (this.#stopped) return
    const run = async () => {
      this.#timers.delete(timer)
      try {
        await work()
      } finally {
        this.every(intervalMs, work)
      }
    }
    const timer = setTimeout(() => inBackground(run, this.#failed), intervalMs * (0.75 + Math.random() / 4))
    timer.unref()
    this.#timers.add(timer)
  }

  /** A run that has begun goes on to its end. */
  stop(): void {
    this.#stopped = true
    for (const timer of this.#timers) clearTimeout(timer)
  }
}
