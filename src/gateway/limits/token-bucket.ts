/** The rate limit of a client: `rate` messages a second on average, and at most `burst` at once. */
export class TokenBucket {
  readonly #rate: number
  readonly #burst: number
  #tokens: number
  #filled: number

  /** @param now `performance.now()`, ms */
  constructor(rate: number, burst: number, now: number) {
    this.#rate = rate
    this.#burst = burst
    this.#tokens = burst
    this.#filled = now
  }

  /** Takes a token. Returns false if the bucket is empty. @param now `performance.now()`, ms */
  take(now: number): boolean {
    const elapsed = Math.max(0, now - this.#filled) / 1000
    this.#tokens = Math.min(this.#burst, this.#tokens + elapsed * this.#rate)
    this.#filled = now
    if (this.#tokens < 1) return false
    this.#tokens -= 1
    return true
  }
}
