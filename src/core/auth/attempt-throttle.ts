/** How long failures are remembered. */
const windowMs = 60_000
const maxDelayMs = 10_000
/** Refusals that are held back at a time, and addresses and ids that are remembered; beyond, refusals are told at once. */
const maxDelayedReplies = 1000
const maxRememberedKeys = 20_000

/**
 * Slows down guessing: after some failures for an address, ticket or token the next refusals are told later and later.
 * Only refusals: a valid ticket or key is never made to wait, whoever else shares its address (behind one NAT sits an office).
 */
export class Throttle {
  readonly #failures = new Map<string, { count: number; until: number }>()
  readonly #free: number
  #held = 0

  /** @param free failures that cost nothing yet */
  constructor(free = 10) {
    this.#free = free
  }

  /** Notes a failure under each key; resolves when it may be told. False: it was not held back. */
  async hold(keys: string[]): Promise<boolean> {
    const worst = Math.max(...keys.map((key) => this.#note(key)))
    const wait = Math.min(maxDelayMs, 100 * 2 ** Math.min(worst - this.#free, 20))
    if (worst <= this.#free || this.#held >= maxDelayedReplies) return false
    this.#held += 1
    await new Promise((resolve) => setTimeout(resolve, wait).unref())
    this.#held -= 1
    return true
  }

  #note(key: string): number {
    const now = performance.now()
    const seen = this.#failures.get(key)
    const count = seen && seen.until > now ? seen.count + 1 : 1
    // the oldest is forgotten first: a Map keeps the order in which its keys came
    this.#failures.delete(key)
    this.#failures.set(key, { count, until: now + windowMs })
    if (this.#failures.size > maxRememberedKeys) this.#failures.delete(this.#failures.keys().next().value ?? '')
    return count
  }
}
