import type { Clock } from './clock.ts'

/** How fast a client sends requests: below the server's limits for one connection (MESSAGES_PER_SECOND, MESSAGE_BURST). */
export type RateLimitOptions = { perSecond: number; burst: number }

/** The server's limits for one connection, from the acks of login and relogin. */
export type Limits = { messagesPerSecond: number; burst: number; maxMessageBytes: number }

/** Until an ack contains limits, and with servers that send none: for their defaults, 50 a second after 200. */
const usualPace: RateLimitOptions = { perSecond: 40, burst: 150 }
/** The part of the limits that requests may use: logins and the renewal of tickets count too. */
const usedPart = { perSecond: 0.8, burst: 0.75 }

/** A token bucket: the server must not refuse requests that waited while the client was offline as a flood. */
export class RateLimiter {
  readonly #wanted: RateLimitOptions | undefined
  readonly #clock: Clock
  #options: RateLimitOptions
  #tokens: number
  #at: number

  /** @param wanted the program's option, which the server's limits may lower */
  constructor(wanted: RateLimitOptions | undefined, clock: Clock) {
    this.#wanted = wanted
    this.#clock = clock
    this.#options = wanted ?? usualPace
    this.#tokens = this.#options.burst
    this.#at = clock.now()
  }

  /** The bucket stays as full as it is. */
  limit({ messagesPerSecond, burst }: Limits): void {
    const most = {
      perSecond: messagesPerSecond * usedPart.perSecond,
      burst: Math.max(1, Math.floor(burst * usedPart.burst)),
    }
    const wanted = this.#wanted ?? most
    const spent = this.#options.burst - this.#tokens
    this.#options = {
      perSecond: Math.min(wanted.perSecond, most.perSecond),
      burst: Math.min(wanted.burst, most.burst),
    }
    this.#tokens = Math.max(0, this.#options.burst - spent)
  }

  /** The server has refused a request because of the rate, so its bucket is empty. */
  drain(): void {
    this.#tokens = 0
    this.#at = this.#clock.now()
  }

  /** Returns 0 if a request may be sent now, and counts it as sent; otherwise how long to wait, ms. */
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

/** Undefined where the ack of an older server has none. */
export function limitsOf(ack: unknown): Limits | undefined {
  const { limits } = (typeof ack === 'object' && ack !== null ? ack : {}) as { limits?: Limits }
  return limits && limits.messagesPerSecond > 0 && limits.burst > 0 ? limits : undefined
}
