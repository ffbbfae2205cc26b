import type { Clock } from './clock.ts'
import type { IceCredentials } from './ice-credentials.ts'

/** How long a renewal may delay a peer connection or an ICE restart, ms. */
const maxDelayMs = 3000
/** Credentials younger than both of these are not renewed: an age in ms, and a part of their lifetime. */
const freshForMs = 5000
const freshFraction = 0.1
/** After this part of their lifetime the timer for the renewal is late, as timers of hidden tabs are. */
const overdueFraction = 0.5

/** Renews the TURN credentials before peer connections use them. Concurrent callers share one request. */
export class IceRenewal {
  readonly #clock: Clock
  readonly #credentials: () => IceCredentials | undefined
  readonly #ask: (failed: () => void) => void
  #underWay: Promise<void> | undefined
  #settle = () => {}

  /** @param ask sends the request if a connection is open; it calls `failed` after an answer without credentials */
  constructor(clock: Clock, credentials: () => IceCredentials | undefined, ask: (failed: () => void) => void) {
    this.#clock = clock
    this.#credentials = credentials
    this.#ask = ask
  }

  overdue(): boolean {
    const credentials = this.#credentials()
    return credentials !== undefined && this.#clock.now() > credentials.after(overdueFraction)
  }

  /**
   * Resolves when new credentials have arrived, from the answer or from a relogin. Resolves at once if no credentials expire or
   * if they are new, and after a few seconds in any case. Never rejects.
   */
  renew(): Promise<void> {
    const { since = 0, lifeMs } = this.#credentials() ?? {}
    const isNew = lifeMs !== undefined && this.#clock.now() - since < Math.min(freshForMs, lifeMs * freshFraction)
    if (lifeMs === undefined || isNew) return Promise.resolve()
    return this.#underWay ?? this.#begin()
  }

  /** New credentials have arrived, or none will arrive. */
  settle(): void {
    this.#settle()
  }

  #begin(): Promise<void> {
    this.#underWay = new Promise((resolve) => {
      const cancel = this.#clock.after(maxDelayMs, () => this.#settle())
      this.#settle = () => {
        cancel()
        this.#underWay = undefined
        this.#settle = () => {}
        resolve()
      }
    })
    const underWay = this.#underWay
    this.#ask(() => this.#settle())
    return underWay
  }
}
