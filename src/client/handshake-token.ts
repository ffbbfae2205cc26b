import type { Clock } from './clock.ts'
import type { Settings } from './settings.ts'
import { type TokenSource, tokenOf } from './token-source.ts'

/** The purpose of a connection: a login, a relogin, or to stay open without a session (`idle`). */
export type Purpose = 'login' | 'relogin' | 'idle'

/** The login token in the handshakes of one client, where the dialect has no login of its own. */
export class HandshakeToken {
  readonly #source: TokenSource | undefined
  readonly #clock: Clock
  readonly #timeoutMs: number
  #last: string | undefined
  /** A node has refused the last token, so the next relogin needs another one too. */
  #isRefused = false
  /** Whether the source was asked again after a refusal, since the last connection was accepted. */
  #isRenewed = false

  constructor(source: TokenSource | undefined, { parts, attemptTimeoutMs }: Settings) {
    this.#source = source
    this.#clock = parts.clock
    this.#timeoutMs = attemptTimeoutMs
  }

  get exists(): boolean {
    return this.#source !== undefined
  }

  /** Whether the source can give another token. */
  get renewable(): boolean {
    return typeof this.#source === 'function'
  }

  /**
   * The handshake's `auth`. A login sends a new token. A relogin sends the last one, because nodes of older versions require it;
   * newer nodes look at the ticket only. @throws SignalboxError token_unavailable
   */
  async authFor(purpose: Purpose): Promise<{ token?: string; login: boolean }> {
    const isFresh = purpose !== 'relogin' || this.#isRefused
    const token = isFresh ? await this.#ask(purpose) : this.#last
    return { ...(token === undefined ? {} : { token }), login: purpose !== 'relogin' }
  }

  /**
   * A node refused the last token. Returns whether the next handshake has another: the source is asked again once, until a
   * connection is accepted.
   */
  renew(): boolean {
    this.#isRefused = true
    if (this.#isRenewed || !this.renewable) return false
    this.#isRenewed = true
    return true
  }

  /** A node accepted a connection. */
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
      // the last token may still be valid: a client connects again even while its token function fails
    }
    return this.#last
  }
}
