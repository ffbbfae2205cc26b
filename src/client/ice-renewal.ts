import type { Clock } from './clock.ts'
import type { IceCredentials } from './ice-credentials.ts'

/** How long a renewal may hold up a peer connection or an ICE restart, ms. */
const timeoutMs = 3000
/** Credentials that came so recently are not renewed again: ms, and part of their life. */
const newMs = 5000
const newPart = 0.1
/** From this part of their life on they should have been renewed: the timer is late, as those of hidden tabs are. */
const overduePart = 0.5

/** Renews the TURN credentials for those who wait for it, with one request for all of them. */
export class IceRenewal {
  readonly #clock: Clock
  readonly #credentials: () => IceCredentials | undefined
  readonly #ask: (failed: () => void) => void
  #underWay: Promise<void> | undefined
  #settle = () => {}

  /** @param ask asks the server, if there is a connection; `failed` is for an answer without credentials */
  constructor(clock: Clock, credentials: () => IceCredentials | undefined, ask: (failed: () => void) => void) {
    this.#clock = clock
    this.#credentials = credentials
    this.#ask = ask
  }

  overdue(): boolean {
    const credentials = this.#credentials()
    return credentials !== undefined && this.#clock.now() > credentials.after(overduePart)
  }

  /**
   * Never rejects. Resolves when new credentials are there, from the answer or from a relogin; at once if there are none that
   * expire; and after a few seconds in any case.
   */
  renew(): Promise<void> {
    const { since = 0, lifeMs } = this.#credentials() ?? {}
    const isNew = lifeMs !== undefined && this.#clock.now() - since < Math.min(newMs, lifeMs * newPart)
    if (lifeMs === undefined || isNew) return Promise.resolve()
    return this.#underWay ?? this.#begin()
  }

  /** New credentials are there, or none will come. */
  settle(): void {
    this.#settle()
  }

  #begin(): Promise<void> {
    this.#underWay = new Promise((resolve) => {
      const cancel = this.#clock.after(timeoutMs, () => this.#settle())
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
