/** How many messages a connection may send: `rate` a second, and `burst` at once after a quiet while. */
export class TokenBucket {
  readonly #rate: number
  readonly #burst: number
  #tokens: number
  #filled: number

  /** @param now ms of `performance.now()`, here and below */
  constructor(rate: number, burst: number, now: number) {
    this.#rate = rate
    this.#burst = burst
    this.#tokens = burst
    this.#filled = now
  }

  /** Takes a token; false if there is none. */
  take(now: number): boolean {
    const elapsed = Math.max(0, now - this.#filled) / 1000
    this.#tokens = Math.min(this.#burst, this.#tokens + elapsed * this.#rate)
    this.#filled = now
    if (this.#tokens < 1) return false
    this.#tokens -= 1
    return true
  }
}
