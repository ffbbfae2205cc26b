import type { ConnectionSwitch } from './connection-switch.ts'
import { SignalboxError } from './errors.ts'
import type { HandshakeToken, Purpose } from './handshake-token.ts'
import type { Link } from './link.ts'
import type { LoginResult, Logins } from './logins.ts'
import { Membership } from './membership.ts'
import type { PendingLogin } from './pending-login.ts'
import type { RequestSpec } from './request.ts'
import type { Reconnected } from './session-events.ts'
import type { SessionTraffic } from './session-traffic.ts'
import type { Settings } from './settings.ts'

type SessionSetupDeps = {
  settings: Settings
  token: HandshakeToken | undefined
  connections: ConnectionSwitch
  logins: Logins
  traffic: SessionTraffic
}

type SessionSetupOwner = {
  /** Whether a connection is kept also without a session. */
  keepsIdle(): boolean
  transition(trigger: 'login' | 'acked'): void
  /** The session is back on a connection. */
  reconnected(how: Reconnected): void
  /** A connection without a session is open. */
  opened(): void
}

/** Puts a new connection to use: resumes the session, logs in, or keeps the connection without a session. */
export class SessionSetup {
  readonly #deps: SessionSetupDeps
  readonly #owner: SessionSetupOwner

  constructor(deps: SessionSetupDeps, owner: SessionSetupOwner) {
    this.#deps = deps
    this.#owner = owner
  }

  /** What the next connection is for. */
  get purpose(): Purpose {
    const { logins, traffic } = this.#deps
    if (traffic.membership || logins.pending?.saved) return 'relogin'
    return logins.pending ? 'login' : 'idle'
  }

  /** False: the connection cannot serve what the program wants now. The loop is necessary because that may change with each answer. */
  async establish(link: Link, signal: AbortSignal): Promise<boolean> {
    const { logins, traffic, token } = this.#deps
    for (let done = false; !done; ) {
      const [{ membership }, { pending }] = [traffic, logins]
      if (signal.aborted) throw new SignalboxError('closed')
      if (!membership && !pending?.saved && this.#lacksToken(link)) return false
      if (membership) done = await this.#resume(link, membership)
      else if (pending) done = await logins.login(link, pending)
      else done = this.#adoptIdle(link)
    }
    token?.accepted()
    return true
  }

  /** Starts a login: on the connection that is kept without a session, or on a new one. */
  login(pending: PendingLogin): void {
    const { connections, logins } = this.#deps
    this.#owner.transition('login')
    const { link } = connections
    const needsToken = link !== undefined && !pending.saved && this.#lacksToken(link)
    if (needsToken) this.hangUp()
    if (link?.open && !needsToken) logins.queueOn(link, pending)
    else connections.search(true)
  }

  /** Begins the session, in the same step in which the ack of its login is read. */
  loggedIn(link: Link, pending: PendingLogin, { result, limits, ...how }: LoginResult): void {
    const { settings, connections, logins, traffic } = this.#deps
    const membership = new Membership(how, settings.parts.clock)
    traffic.begin(membership, limits)
    connections.forgetMigration()
    logins.remove()
    pending.done(result)
    this.#adopt(link, membership)
  }

  /** Leaves the connection. If a login is under way on it, `Logins` closes it when that is answered. */
  hangUp(): void {
    const { connections, logins } = this.#deps
    const link = connections.takeLink()
    if (link && !logins.isUnderWay(link)) link.close()
  }

  /** Whether its handshake has no token for a login: an earlier login used the token, or the handshake was for a relogin. */
  #lacksToken(link: Link): boolean {
    const { connections, logins, token } = this.#deps
    const wasResumed = connections.purposeOf(link) === 'relogin'
    return token?.exists === true && (wasResumed || logins.wasTried(link))
  }

  #resume(link: Link, membership: Membership): Promise<boolean> {
    const { traffic } = this.#deps
    const ask = <T>(on: Link, request: RequestSpec<T>) => traffic.ask(on, request)
    return membership.resume(link, ask, (how) => {
      traffic.resumed(how)
      this.#adopt(link, membership)
    })
  }

  #adoptIdle(link: Link): true {
    if (!this.#owner.keepsIdle()) throw new SignalboxError('closed')
    this.#deps.connections.adopt(link, () => {})
    this.#owner.opened()
    return true
  }

  /** Moves the session to the connection on which its login or relogin was acked. */
  #adopt(link: Link, membership: Membership): void {
    const { connections, traffic } = this.#deps
    const how = connections.adopt(link, () => this.#owner.transition('acked'))
    // a notification that had arrived on the connection may have ended the session
    if (traffic.membership === membership) traffic.moveTo(link, membership)
    if (how && traffic.membership) this.#owner.reconnected(how)
  }
}
