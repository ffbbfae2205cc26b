import { checkOption } from './check-options.ts'
import type { BackOffOptions } from './options.ts'

/**
 * Exponential back-off with full jitter: each delay is evenly distributed between 0 and a bound that doubles up to the
 * cap, so that the clients of a dead node do not reconnect in waves.
 */
export class BackOff {
  readonly #options: BackOffOptions
  readonly #random: () => number
  #attempts = 0

  /** @param random from 0 (included) to 1 (excluded) @throws TypeError */
  constructor(options: BackOffOptions, random: () => number) {
    checkOption('backOff', options)
    this.#options = options
    this.#random = random
  }

  /** The next delay, ms. */
  next(): number {
    const { baseMs, capMs } = this.#options
    const bound = Math.min(capMs, baseMs * 2 ** Math.min(this.#attempts, 32))
    this.#attempts += 1
    return this.#random() * bound
  }

  reset(): void {
    this.#attempts = 0
  }
}
