import type { Clock } from './clock.ts'

/** How fast a client sends requests: below the server's limits for one connection (MESSAGES_PER_SECOND, MESSAGE_BURST). */
export type RateLimitOptions = { perSecond: number; burst: number }

/** The server's limits for one connection, from the acks of login and relogin. */
export type Limits = { messagesPerSecond: number; burst: number; maxMessageBytes: number }

/** The rate until an ack contains limits. It fits the default limits of a node: 50 a second after 200 at once. */
const defaultRateLimit: RateLimitOptions = { perSecond: 40, burst: 150 }
/** The part of the limits that requests may use: logins and the renewal of tickets count too. */
const usedFraction = { perSecond: 0.8, burst: 0.75 }

/** A token bucket: the server must not refuse requests that waited while the client was offline as a flood. */
export class RateLimiter {
  readonly #option: RateLimitOptions | undefined
  readonly #clock: Clock
  #options: RateLimitOptions
  #tokens: number
  #refilledAt: number

  /** @param option of the program; the server's limits may lower it */
  constructor(option: RateLimitOptions | undefined, clock: Clock) {
    this.#option = option
    this.#clock = clock
    this.#options = option ?? defaultRateLimit
    this.#tokens = this.#options.burst
    this.#refilledAt = clock.now()
  }

  /** Sets new limits. The number of spent tokens stays the same. */
  limit({ messagesPerSecond, burst }: Limits): void {
    const serverLimit = {
      perSecond: messagesPerSecond * usedFraction.perSecond,
      burst: Math.max(1, Math.floor(burst * usedFraction.burst)),
    }
    const wanted = this.#option ?? serverLimit
    const spent = this.#options.burst - this.#tokens
    this.#options = {
      perSecond: Math.min(wanted.perSecond, serverLimit.perSecond),
      burst: Math.min(wanted.burst, serverLimit.burst),
    }
    this.#tokens = Math.max(0, this.#options.burst - spent)
  }

  /** The server has refused a request because of the rate, so its bucket is empty. */
  drain(): void {
    this.#tokens = 0
    this.#refilledAt = this.#clock.now()
  }

  /** Returns 0 if a request may be sent now, and counts it as sent; otherwise how long to wait, ms. */
  take(): number {
    const { perSecond, burst } = this.#options
    const now = this.#clock.now()
    this.#tokens = Math.min(burst, this.#tokens + (Math.max(0, now - this.#refilledAt) * perSecond) / 1000)
    this.#refilledAt = now
    if (this.#tokens < 1) return Math.ceil(((1 - this.#tokens) * 1000) / perSecond)
    this.#tokens -= 1
    return 0
  }
}

/** The limits in an ack; undefined if an older server sent none. */
export function limitsOf(ack: unknown): Limits | undefined {
  const { limits } = (typeof ack === 'object' && ack !== null ? ack : {}) as { limits?: Limits }
  return limits && limits.messagesPerSecond > 0 && limits.burst > 0 ? limits : undefined
}
