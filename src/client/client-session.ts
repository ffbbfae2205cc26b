import { ConnectionSwitch } from './connection-switch.ts'
import { Emitter } from './emitter.ts'
import { endingErrorOf, isTokenRefusal } from './error-policy.ts'
import { asSignalboxError, SignalboxError } from './errors.ts'
import type { SessionTarget } from './handshakes.ts'
import type { IceRenewal } from './ice-renewal.ts'
import type { LoginSpec } from './login-spec.ts'
import { Logins } from './logins.ts'
import type { Membership } from './membership.ts'
import type { IceServer } from './mesh/rtc.ts'
import type { Limits } from './rate-limiter.ts'
import type { ConnectionInfo, SessionEvents } from './session-events.ts'
import { SessionSetup } from './session-setup.ts'
import { nextState, type SessionState, type StateTrigger } from './session-state.ts'
import { SessionTraffic } from './session-traffic.ts'
import type { Settings } from './settings.ts'

/**
 * A participant's session, which outlives its connections. It resumes by itself on any node, sends requests again until they are
 * acked, and delivers every notification once and in order.
 */
export class ClientSession extends Emitter<SessionEvents> {
  readonly #connections: ConnectionSwitch
  readonly #traffic: SessionTraffic
  readonly #logins: Logins
  readonly #setup: SessionSetup
  #state: SessionState = 'initialized'
  /** Resolves when the goodbye that is under way is acked, or has timed out. A login waits for it. */
  #leaving: Promise<void> | undefined
  /** Whether the connection stays open without a session, as in a lobby. */
  #keepsIdle = false

  constructor(settings: Settings, target: SessionTarget) {
    super()
    const traffic = this.#createTraffic(settings)
    const connections = this.#createConnections(settings, target)
    const logins = this.#createLogins(settings, target)
    this.#traffic = traffic
    this.#connections = connections
    this.#logins = logins
    this.#setup = new SessionSetup(
      { settings, token: target.token, connections, logins, traffic },
      {
        keepsIdle: () => this.#keepsIdle,
        transition: (trigger) => this.#transition(trigger),
        reconnected: (how) => this.emit('reconnected', how),
        opened: () => this.emit('open'),
      },
    )
  }

  get state(): SessionState {
    return this.#state
  }

  /** The number of the last notification that was delivered. */
  get seq(): number {
    return this.#traffic.inbox.seq
  }

  /** The present connection. */
  get connection(): ConnectionInfo | undefined {
    return this.#connections.connection
  }

  /** Whether the login was acked, and nothing has ended the session since. */
  get loggedIn(): boolean {
    return this.#traffic.membership !== undefined
  }

  /** The ICE servers of the last ack that contained any. */
  get iceServers(): IceServer[] | undefined {
    return this.#traffic.membership?.ice.servers
  }

  get iceRenewal(): IceRenewal {
    return this.#traffic.iceRenewal
  }

  /** The server's limits for one connection; undefined until an ack has contained them. */
  get limits(): Limits | undefined {
    return this.#traffic.limits
  }

  /** How many requests wait for their ack. */
  get pendingRequests(): number {
    return this.#traffic.requests.size
  }

  /** Keeps a connection, with or without a session, until `close`. */
  open(): void {
    this.#keepsIdle = true
    this.#transition('open')
    this.#connections.search(true)
  }

  /**
   * Logs in, at once or after the goodbye that is under way.
   * @throws SignalboxError in_service, unreachable, token_unavailable, closed (by `leave` or `close`), or as the server refuses
   */
  login<T>(spec: LoginSpec<T>): Promise<T> {
    if ((this.loggedIn && !this.#leaving) || this.#logins.pending)
      return Promise.reject(new SignalboxError('in_service'))
    const pending = this.#logins.add(spec)
    if (pending.saved) this.#traffic.requests.skipTo(pending.saved.rid)
    if (!this.#leaving) this.#setup.login(pending)
    return pending.result as Promise<T>
  }

  /**
   * Sends a request, again on each new connection until it is acked. Resolves to the data of the ack. @throws SignalboxError
   * no_session (also while the goodbye is under way), or as the server refuses
   */
  request(event: string, args: readonly unknown[]): Promise<unknown> {
    if (this.#leaving || (!this.loggedIn && !this.#logins.pending))
      return Promise.reject(new SignalboxError('no_session'))
    return this.#traffic.requests.add(event, args)
  }

  /** Sends a request once, on the present connection, also without a session. @throws SignalboxError lost, timeout, or as the server refuses */
  ask(event: string, args: readonly unknown[]): Promise<unknown> {
    const { link } = this.#connections
    if (!link) return Promise.reject(new SignalboxError('lost', 'There is no connection'))
    return this.#traffic.ask(link, { event, args, read: (data) => data })
  }

  /**
   * Ends the session with a goodbye, so that the others in the room see the participant leave at once. If no node acks the goodbye
   * within `attemptTimeoutMs`, the session ends all the same, and the others see the participant leave when the server's reconnect
   * window is over. A login that is not answered yet rejects with `closed`; if the server acks it later, the goodbye follows.
   */
  async leave(): Promise<void> {
    const { pending } = this.#logins
    const { membership } = this.#traffic
    if (pending) this.#endLogin(new SignalboxError('closed'))
    else if (membership) this.#leaving ??= this.#leave(membership)
    await Promise.all([pending?.idle, this.#leaving])
  }

  /** Ends the session at once, without a goodbye, and closes the connection. Ends a login that is not answered yet as `leave` does. */
  close(): void {
    this.#end(new SignalboxError('closed'))
  }

  #createTraffic(settings: Settings): SessionTraffic {
    return new SessionTraffic(settings, {
      notification: (notification) => {
        this.emit('notification', notification)
        if (notification.event === 'drop') this.#end(new SignalboxError('dropped'))
      },
      resync: (resync) => this.emit('resync', resync),
      iceServers: (servers) => this.emit('iceServers', servers),
      draining: (withinMs) => {
        this.emit('draining', withinMs)
        this.#connections.planMove(withinMs)
      },
    })
  }

  #createLogins(settings: Settings, target: SessionTarget): Logins {
    return new Logins(settings, target, {
      ask: (link, request) => this.#traffic.ask(link, request),
      serves: (link) => this.#connections.link === link,
      loggedIn: (link, pending, how) => this.#setup.loggedIn(link, pending, how),
      failed: (error) => void this.#failed(asSignalboxError(error)),
      timedOut: (error) => this.#endLogin(error),
      resumeFailed: (reason) => this.emit('resumeFailed', reason),
      saved: () => (this.#leaving ? undefined : this.#traffic.saved),
    })
  }

  #createConnections(settings: Settings, target: SessionTarget): ConnectionSwitch {
    return new ConnectionSwitch(settings, target, {
      wantsConnection: () => this.#keepsIdle || this.loggedIn || this.#logins.pending !== undefined,
      trying: () => this.#transition('retry'),
      prepare: () => this.#logins.prepare(),
      purpose: () => this.#setup.purpose,
      establish: (link, signal) => this.#setup.establish(link, signal),
      suspected: (link) => this.#traffic.checkLiveness(link, target.idleRequest),
      failed: (error) => this.#failed(error),
      received: (event, args) => this.#traffic.inbox.receive(event, args),
      lost: () => {
        this.#traffic.pause()
        this.#transition('lost')
        this.emit('lost')
      },
    })
  }

  async #leave(membership: Membership): Promise<void> {
    await this.#traffic.sendGoodbye(membership)
    if (this.#traffic.membership !== membership) return
    this.#leaving = undefined
    membership.end('left')
    this.#connections.forgetMigration()
    this.#traffic.end(new SignalboxError('no_session'))
    const { pending } = this.#logins
    if (!pending && !this.#keepsIdle) return this.close()
    this.#transition('left')
    if (!this.#keepsIdle) this.#setup.hangUp()
    if (pending) this.#setup.login(pending)
  }

  /** A login or relogin failed, or its connection did. Returns whether the next try follows at once. */
  #failed(error: SignalboxError): boolean {
    this.#logins.noteFailure(error)
    const [{ membership }, { pending }] = [this.#traffic, this.#logins]
    // the current ticket may come from the ack of a relogin that a later relogin of this client has superseded
    if (error.code === 'ticket_spent' && membership?.tickets.revert()) return false
    const isRenewed = isTokenRefusal(error.code) && this.#logins.renewToken(this.loggedIn)
    const end = isRenewed ? undefined : endingErrorOf(error, membership)
    if (membership && end) this.#end(end)
    else if (pending && !membership && end) this.#endLogin(end)
    else {
      if (!membership || !this.#connections.link) this.#transition('lost')
      this.emit('retrying', error)
    }
    return isRenewed
  }

  /** Ends the login that is not answered yet, with or without the connection. */
  #endLogin(error: SignalboxError): void {
    if (!this.#logins.pending) return
    if (!this.#keepsIdle && !this.#leaving) this.#end(error)
    else {
      this.#logins.remove()?.fail(error)
      if (!this.#leaving) this.#transition('left')
    }
  }

  #end(reason: SignalboxError): void {
    if (this.#state === 'closed') return
    const pending = this.#logins.remove()
    this.#leaving = undefined
    this.#keepsIdle = false
    this.#connections.stop()
    this.#logins.stopFollowingPage()
    this.#traffic.end(reason)
    pending?.fail(reason)
    this.#setup.hangUp()
    this.#transition('ended')
    this.emit('closed', reason)
  }

  #transition(trigger: StateTrigger): void {
    const before = this.#state
    this.#state = nextState(before, trigger)
    if (this.#state !== before) this.emit('state', this.#state, before)
  }
}
