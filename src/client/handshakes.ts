import type { HandshakeToken, Purpose } from './handshake-token.ts'
import type { Link } from './link.ts'
import type { Settings } from './settings.ts'

export type SessionTarget = {
  namespace: string
  /** A request that is served without a session, and changes nothing; unset: no connection is kept without a session. */
  idleRequest?: string
  /** For the handshake, where the dialect has no login of its own. */
  token?: HandshakeToken
}

/** Opens connections to a namespace, with the credentials that the handshake of each one needs. */
export class Handshakes {
  readonly #settings: Settings
  readonly #target: SessionTarget

  constructor(settings: Settings, target: SessionTarget) {
    this.#settings = settings
    this.#target = target
  }

  /** @throws SignalboxError token_unavailable, unreachable, closed, or as the server refuses the handshake */
  async open(url: string, purpose: Purpose, signal: AbortSignal): Promise<Link> {
    const { path, transports, attemptTimeoutMs: timeoutMs, parts } = this.#settings
    const { namespace, token } = this.#target
    const auth = (await token?.authFor(purpose)) ?? {}
    const target = { url, path, namespace, auth, transports, timeoutMs }
    return parts.connect(target, signal)
  }
}
