/** How long failures of a key are counted together. */
const windowMs = 60_000
const maxDelayMs = 10_000
/** How many refusals are delayed at a time, and how many keys are remembered. Further refusals are sent without delay. */
const maxDelayedReplies = 1000
const maxRememberedKeys = 20_000

/**
 * Slows down guessing: after some failures for an address, ticket or token, each further refusal is delayed longer. Valid
 * credentials are never delayed, because other clients may share the address (an office behind a NAT).
 */
export class Throttle {
  readonly #failures = new Map<string, { count: number; until: number }>()
  readonly #freeFailures: number
  #delayed = 0

  /** @param freeFailures how many failures of a key cause no delay */
  constructor(freeFailures = 10) {
    this.#freeFailures = freeFailures
  }

  /** Counts a failure for each key. Resolves when the refusal may be sent. @returns whether it was delayed */
  async delayRefusal(keys: string[]): Promise<boolean> {
    const worst = Math.max(...keys.map((key) => this.#countFailure(key)))
    const wait = Math.min(maxDelayMs, 100 * 2 ** Math.min(worst - this.#freeFailures, 20))
    if (worst <= this.#freeFailures || this.#delayed >= maxDelayedReplies) return false
    this.#delayed += 1
    await new Promise((resolve) => setTimeout(resolve, wait).unref())
    this.#delayed -= 1
    return true
  }

  #countFailure(key: string): number {
    const now = performance.now()
    const known = this.#failures.get(key)
    const count = known && known.until > now ? known.count + 1 : 1
    // a Map keeps insertion order, so the first key is the oldest
    this.#failures.delete(key)
    this.#failures.set(key, { count, until: now + windowMs })
    if (this.#failures.size > maxRememberedKeys) this.#failures.delete(this.#failures.keys().next().value ?? '')
    return count
  }
}
