import type { Clock } from './clock.ts'
import type { Settings } from './options.ts'
import { type TokenSource, tokenOf } from './token-source.ts'

/** What a connection is for: to log in, to resume a session, or to be kept without a session. */
export type Purpose = 'login' | 'relogin' | 'lobby'

/** The login token in the handshakes of one client, where the dialect has no login of its own. */
export class HandshakeToken {
  readonly #source: TokenSource | undefined
  readonly #clock: Clock
  readonly #timeoutMs: number
  #last: string | undefined
  /** A node refused the last one: also a relogin gets another. */
  #isRefused = false
  /** Whether it was asked for again, after a refusal, since the last connection that came up. */
  #isRenewed = false

  constructor(source: TokenSource | undefined, { parts, attemptTimeoutMs }: Settings) {
    this.#source = source
    this.#clock = parts.clock
    this.#timeoutMs = attemptTimeoutMs
  }

  get exists(): boolean {
    return this.#source !== undefined
  }

  /** Whether another one can be had. */
  get renewable(): boolean {
    return typeof this.#source === 'function'
  }

  /**
   * The handshake's `auth`. A login has a new token. A relogin has the last one, for nodes of older versions: its credential is
   * the ticket. @throws SignalboxError token_unavailable
   */
  async authFor(purpose: Purpose): Promise<{ token?: string; login: boolean }> {
    const isFresh = purpose !== 'relogin' || this.#isRefused
    const token = isFresh ? await this.#ask(purpose) : this.#last
    return { ...(token === undefined ? {} : { token }), login: purpose !== 'relogin' }
  }

  /** The last one was refused. True if the next handshake has another; it is asked for once, until a connection comes up. */
  renew(): boolean {
    this.#isRefused = true
    if (this.#isRenewed || !this.renewable) return false
    this.#isRenewed = true
    return true
  }

  /** A connection came up. */
  accepted(): void {
    this.#isRefused = false
    this.#isRenewed = false
  }

  async #ask(purpose: Purpose): Promise<string | undefined> {
    if (this.#source === undefined) return undefined
    try {
      this.#last = await tokenOf(this.#source, this.#clock, this.#timeoutMs)
    } catch (error) {
      if (purpose === 'login' || this.#last === undefined) throw error
      // the last one may do: a client comes back also while its token function fails
    }
    return this.#last
  }
}
