import type { Clock } from './clock.ts'

/** How fast requests are sent: below what a server takes of one connection (MESSAGES_PER_SECOND, MESSAGE_BURST). */
export type PaceOptions = { perSecond: number; burst: number }

/** A token bucket: what was kept back while offline must not be refused as a flood when it is sent. */
export class Pace {
  readonly #options: PaceOptions
  readonly #clock: Clock
  #tokens: number
  #at: number

  constructor(options: PaceOptions, clock: Clock) {
    this.#options = options
    this.#clock = clock
    this.#tokens = options.burst
    this.#at = clock.now()
  }

  /** 0 when one more may be sent now, and then it counts as sent; else how long to wait, ms. */
  take(): number {
    const { perSecond, burst } = this.#options
    const now = this.#clock.now()
    this.#tokens = Math.min(burst, this.#tokens + (Math.max(0, now - this.#at) * perSecond) / 1000)
    this.#at = now
    if (this.#tokens < 1) return Math.ceil(((1 - this.#tokens) * 1000) / perSecond)
    this.#tokens -= 1
    return 0
  }
}
