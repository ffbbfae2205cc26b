import type { Clock } from './clock.ts'

/** How fast requests are sent: below what a server takes of one connection (MESSAGES_PER_SECOND, MESSAGE_BURST). */
export type PaceOptions = { perSecond: number; burst: number }

/** What the server takes of one connection, as acks of login and relogin say it. */
export type Limits = { messagesPerSecond: number; burst: number; maxMessageBytes: number }

/** Until the server says what it takes, and with one that does not: for its defaults, 50 a second after 200. */
const usualPace: PaceOptions = { perSecond: 40, burst: 150 }
/** What is used of the limits: logins and the renewal of tickets count too. */
const usedPart = { perSecond: 0.8, burst: 0.75 }

/** A token bucket: what was kept back while offline must not be refused as a flood when it is sent. */
export class Pace {
  readonly #wanted: PaceOptions | undefined
  readonly #clock: Clock
  #options: PaceOptions
  #tokens: number
  #at: number

  /** @param wanted what the program wants, which the server's limits may lower */
  constructor(wanted: PaceOptions | undefined, clock: Clock) {
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

  /** The server has refused a request for its rate: its bucket is empty. */
  drain(): void {
    this.#tokens = 0
    this.#at = this.#clock.now()
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

/** Undefined where the ack of an older server has none. */
export function limitsOf(ack: unknown): Limits | undefined {
  const { limits } = (typeof ack === 'object' && ack !== null ? ack : {}) as { limits?: Limits }
  return limits && limits.messagesPerSecond > 0 && limits.burst > 0 ? limits : undefined
}
