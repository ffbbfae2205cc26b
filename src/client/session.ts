import type { Draining } from '../protocol/session.ts'
import { Connections } from './connections.ts'
import { Emitter } from './emitter.ts'
import { isFatalForLogin, isFatalForSession, refusesToken } from './error-policy.ts'
import { asSignalboxError, SignalboxError } from './errors.ts'
import type { Purpose } from './handshake-token.ts'
import type { SessionTarget } from './handshakes.ts'
import { IceRenewal } from './ice-renewal.ts'
import type { Link } from './link.ts'
import { Liveness } from './liveness.ts'
import { type LoginResult, Logins } from './logins.ts'
import { Membership } from './membership.ts'
import type { IceServer } from './mesh/rtc.ts'
import { type Notification, notificationOf } from './notification.ts'
import type { Settings } from './options.ts'
import { type LoginSpec, PendingLogin } from './pending-login.ts'
import type { Limits } from './rate-limiter.ts'
import { ask, type RequestSpec } from './request.ts'
import { RequestQueue } from './request-queue.ts'
import type { ConnectionInfo, Resync, SessionEvents } from './session-events.ts'
import { nextState, type SessionEvent, type SessionState } from './session-state.ts'
import { type SavedSession, TabMemory } from './tab-memory.ts'
import { TabResume } from './tab-resume.ts'
import { TicketRefresh } from './ticket-refresh.ts'

/**
 * A participant's session, which outlives its connections. It resumes by itself on any node, sends requests again until they are
 * acked, and delivers every notification once and in order.
 */
export class ClientSession extends Emitter<SessionEvents> {
  readonly iceRenewal: IceRenewal
  readonly #settings: Settings
  readonly #target: SessionTarget
  readonly #connections: Connections
  readonly #requests: RequestQueue
  readonly #refresh: TicketRefresh
  readonly #logins: Logins
  readonly #liveness: Liveness
  #state: SessionState = 'initialized'
  #membership: Membership | undefined
  /** The login that this program waits for. During `#leaving` it has not begun: it waits for the goodbye. */
  #pendingLogin: PendingLogin | undefined
  /** Settles when the goodbye that is under way is acked, or given up. */
  #leaving: Promise<void> | undefined
  #limits: Limits | undefined
  /** Whether a connection is kept also without a session, as in a lobby. */
  #keepOpen = false
  #stopKeeping = () => {}
  /** Why the login that is not answered yet did not succeed so far. */
  #lastFailure: SignalboxError | undefined

  constructor(settings: Settings, target: SessionTarget) {
    super()
    const { parts, pace } = settings
    this.#settings = settings
    this.#target = target
    this.#requests = new RequestQueue(pace, parts.clock)
    this.#liveness = new Liveness(parts.clock)
    const { clock, random } = parts
    this.#refresh = new TicketRefresh({ clock, random, timeoutMs: settings.attemptTimeoutMs }, (servers) =>
      this.#tellIceServers(servers),
    )
    const credentials = () => this.#membership?.ice
    this.iceRenewal = new IceRenewal(clock, credentials, (failed) => this.#refresh.renewIce(failed))
    this.#connections = new Connections(settings, target, {
      wanted: () => this.#keepOpen || this.#membership !== undefined || this.#pendingLogin !== undefined,
      trying: () => this.#happen('retry'),
      prepare: () => this.#prepareLogin(),
      purpose: () => this.#purpose,
      board: (link, signal) => this.#establish(link, signal),
      suspected: (link) => this.#checkLiveness(link),
      failed: (error) => this.#failed(error),
      notice: (event, args) => this.#notice(event, args),
      lost: () => this.#lost(),
    })
    this.#logins = new Logins({
      ask: (link, question) => this.#ask(link, question),
      waitsFor: (pending) => this.#pendingLogin === pending,
      serves: (link) => this.#connections.link === link,
      loggedIn: (link, pending, how) => this.#loggedIn(link, pending, how),
      failed: (error) => {
        this.#failed(asSignalboxError(error))
      },
    })
  }

  get #purpose(): Purpose {
    if (this.#membership || this.#pendingLogin?.saved) return 'relogin'
    return this.#pendingLogin ? 'login' : 'lobby'
  }

  get state(): SessionState {
    return this.#state
  }

  /** The number of the last notification that was delivered. */
  get seq(): number {
    return this.#membership?.seq ?? 0
  }

  /** The present connection. */
  get connection(): ConnectionInfo | undefined {
    return this.#connections.connection
  }

  /** Whether the login was acked, and nothing has ended the session since. */
  get entered(): boolean {
    return this.#membership !== undefined
  }

  /** The ICE servers of the last ack that contained any. */
  get iceServers(): IceServer[] | undefined {
    return this.#membership?.ice.servers
  }

  /** The server's limits for one connection; undefined until an ack has contained them. */
  get limits(): Limits | undefined {
    return this.#limits
  }

  /** How many requests wait for their ack. */
  get pending(): number {
    return this.#requests.size
  }

  /** Keeps a connection, with or without a session, until `close`. */
  open(): void {
    this.#keepOpen = true
    this.#happen('open')
    this.#connections.seek(true)
  }

  /**
   * Logs in: at once, or after the goodbye that is under way.
   * @throws SignalboxError in_service, unreachable, token_unavailable, closed (by `leave` or `close`), or as the server refuses
   */
  enter<T>(spec: LoginSpec<T>): Promise<T> {
    if ((this.#membership && !this.#leaving) || this.#pendingLogin)
      return Promise.reject(new SignalboxError('in_service'))
    const { loginTimeoutMs, parts } = this.#settings
    const onTimeout = () => this.#endLogin(loginTimeoutError(this.#lastFailure))
    const renewable = this.#target.token?.renewable ?? false
    const tab = this.#tabMemoryFor(spec.place)
    const resume = tab && new TabResume(tab, (reason) => this.emit('resumeFailed', reason))
    const pending = new PendingLogin({ renewable, ...spec }, parts.clock, loginTimeoutMs, onTimeout, resume)
    this.#pendingLogin = pending
    this.#stopKeeping()
    if (tab) this.#stopKeeping = tab.follow(() => this.#toBeKept(pending))
    if (pending.saved) this.#requests.skipTo(pending.saved.rid)
    this.#lastFailure = undefined
    if (!this.#leaving) this.#beginLogin(pending)
    return pending.result as Promise<T>
  }

  /**
   * Resolves to the ack's data; until then it is sent again on each new connection. @throws SignalboxError as the server refuses,
   * or no_session: also while the goodbye is under way
   */
  request(event: string, args: readonly unknown[]): Promise<unknown> {
    if (this.#leaving || (!this.#membership && !this.#pendingLogin))
      return Promise.reject(new SignalboxError('no_session'))
    return this.#requests.add(event, args)
  }

  /** Asks once, on the present connection, also without a session. @throws SignalboxError lost, timeout, or as the server refuses */
  ask(event: string, args: readonly unknown[]): Promise<unknown> {
    const { link } = this.#connections
    if (!link) return Promise.reject(new SignalboxError('lost', 'There is no connection'))
    return this.#ask(link, { event, args, read: (data) => data })
  }

  /**
   * Ends the session with a goodbye, so that the others in the room see the participant leave at once. If no node acks it within
   * `attemptTimeoutMs`, the session ends all the same, and they see it leave when the server's window is over. A login that is
   * not answered yet rejects with `closed`; if the server acks it later, the goodbye follows. Resolves when all that is done.
   */
  async leave(): Promise<void> {
    const pending = this.#pendingLogin
    if (pending) this.#endLogin(new SignalboxError('closed'))
    else if (this.#membership) this.#leaving ??= this.#leave(this.#membership)
    await Promise.all([pending?.idle, this.#leaving])
  }

  /** Ends a session at once, without a goodbye, and closes the connection. A login that is not answered yet ends as by `leave`. */
  close(): void {
    this.#end(new SignalboxError('closed'))
  }

  #tabMemoryFor(place: string | undefined): TabMemory | undefined {
    const { resume, urls, path = '' } = this.#settings
    if (resume !== 'tab' || place === undefined) return undefined
    return new TabMemory(JSON.stringify([urls, path, this.#target.namespace, place]))
  }

  /** What the next page in the tab needs to resume; undefined: there is nothing to resume. */
  #toBeKept(login: PendingLogin): SavedSession | undefined {
    if (this.#pendingLogin === login) return login.saved
    if (!this.#membership || this.#leaving) return undefined
    const { tickets, seq } = this.#membership
    return { ticket: tickets.current, seq, rid: this.#requests.rid }
  }

  async #leave(membership: Membership): Promise<void> {
    await this.#sayGoodbye(membership)
    if (this.#membership !== membership) return
    this.#leaving = undefined
    membership.end('left')
    this.#forgetSession(new SignalboxError('no_session'))
    const pending = this.#pendingLogin
    if (!pending && !this.#keepOpen) return this.close()
    this.#happen('left')
    if (!this.#keepOpen) this.#hangUp()
    if (pending) this.#beginLogin(pending)
  }

  #sayGoodbye({ goodbye: { event, args } }: Membership): Promise<void> {
    const { parts, attemptTimeoutMs } = this.#settings
    return new Promise((resolve) => {
      const cancel = parts.clock.after(attemptTimeoutMs, resolve)
      const settled = () => {
        cancel()
        resolve()
      }
      this.#requests.add(event, args).then(settled, settled)
    })
  }

  #checkLiveness(link: Link): void {
    const { idleRequest } = this.#target
    if (this.#membership) this.#liveness.check(link, (answered) => this.#refresh.renewTicket(answered))
    else if (idleRequest) this.#liveness.check(link, (answered) => link.ask(idleRequest, [], answered))
  }

  /** Leaves the connection. If a login is under way on it, `Logins` closes it when that is answered. */
  #hangUp(): void {
    const link = this.#connections.release()
    if (link && !this.#logins.isUnderWay(link)) link.close()
  }

  async #prepareLogin(): Promise<void> {
    const pending = this.#pendingLogin
    await pending?.prepare().catch((error) => {
      if (this.#pendingLogin === pending) throw error
    })
  }

  /** Resumes, logs in or keeps the connection without a session. The program may want something else after each answer. */
  async #establish(link: Link, signal: AbortSignal): Promise<boolean> {
    for (let done = false; !done; ) {
      const [membership, pending] = [this.#membership, this.#pendingLogin]
      if (signal.aborted) throw new SignalboxError('closed')
      if (!membership && !pending?.saved && this.#lacksToken(link)) return false
      if (membership) done = await this.#resume(link, membership)
      else if (pending) done = await this.#logins.login(link, pending)
      else done = this.#adoptIdle(link)
    }
    this.#target.token?.accepted()
    return true
  }

  /** Whether its handshake has no token for a login: an earlier login used the token, or the handshake was for a relogin. */
  #lacksToken(link: Link): boolean {
    const wasResumed = this.#connections.purposeOf(link) === 'relogin'
    return this.#target.token?.exists === true && (wasResumed || this.#logins.wasTried(link))
  }

  /** Keeps the connection without a session, as in a lobby. */
  #adoptIdle(link: Link): true {
    if (!this.#keepOpen) throw new SignalboxError('closed')
    this.#connections.adopt(link, () => {})
    this.emit('open')
    return true
  }

  #beginLogin(pending: PendingLogin): void {
    this.#happen('login')
    const { link } = this.#connections
    const needsToken = link !== undefined && !pending.saved && this.#lacksToken(link)
    if (needsToken) this.#hangUp()
    if (link?.open && !needsToken) this.#logins.queueOn(link, pending)
    else this.#connections.seek(true)
  }

  #loggedIn(link: Link, pending: PendingLogin, { result, limits, ...how }: LoginResult): void {
    const membership = new Membership(how, this.#settings.parts.clock)
    this.#membership = membership
    this.#obey(limits)
    this.#connections.forgetDeparture()
    this.#pendingLogin = undefined
    pending.done(result)
    this.#adopt(link, membership)
  }

  #resume(link: Link, membership: Membership): Promise<boolean> {
    const ask = <T>(on: Link, question: RequestSpec<T>) => this.#ask(on, question)
    return membership.resume(link, ask, ({ seq, gap, room, iceServers, limits }) => {
      this.#obey(limits)
      if (iceServers) this.#tellIceServers(iceServers)
      if (gap) this.#resync({ seq, room })
      this.#adopt(link, membership)
    })
  }

  #obey(limits: Limits | undefined): void {
    this.#limits = limits ?? this.#limits
    if (limits) this.#requests.limit(limits)
  }

  /** Peer connections get the servers before the callers of `renew` continue. */
  #tellIceServers(servers: IceServer[]): void {
    this.emit('iceServers', servers)
    this.iceRenewal.settle()
  }

  #resync(resync: Resync): void {
    if (this.#membership) this.#membership.seq = resync.seq
    this.emit('resync', resync)
  }

  /** Moves the session to the connection on which its login or relogin was acked. */
  #adopt(link: Link, membership: Membership): void {
    const how = this.#connections.adopt(link, () => this.#happen('entered'))
    // a notification that had arrived on the connection may have ended the session
    if (this.#membership === membership) {
      this.#requests.use(link)
      this.#refresh.keep(link, membership)
    }
    if (how && this.#membership) this.emit('reconnected', how)
  }

  #notice(event: string, received: unknown[]): void {
    const notification = notificationOf(event, received)
    const { args, meta } = notification
    if (event === 'draining') this.#drain(args[0] as Draining)
    else if (event === 'resync') this.#resync(args[0] as Resync)
    else if (!meta || meta.seq > this.seq) this.#deliver(notification)
  }

  #deliver(notification: Notification): void {
    const { event, meta } = notification
    if (meta && this.#membership) this.#membership.seq = meta.seq
    this.emit('notification', notification)
    if (event === 'drop') this.#end(new SignalboxError('dropped'))
  }

  #drain({ withinMs }: Draining): void {
    this.emit('draining', withinMs)
    this.#connections.planMove(withinMs)
  }

  #lost(): void {
    this.#refresh.stop()
    this.#requests.use(undefined)
    this.#happen('lost')
    this.emit('lost')
  }

  /** A login or relogin failed, or its connection did. Returns whether the next try follows at once. */
  #failed(error: SignalboxError): boolean {
    this.#lastFailure = error
    const [membership, pending] = [this.#membership, this.#pendingLogin]
    // the current ticket may come from the ack of a relogin that a later one of ours has overtaken
    if (error.code === 'ticket_spent' && membership?.tickets.revert()) return false
    const isRenewed = refusesToken(error.code) && this.#renewToken()
    const end = isRenewed ? undefined : endOf(error, membership)
    if (membership && end) this.#end(end)
    else if (pending && !membership && end) this.#endLogin(end)
    else {
      if (!membership || !this.#connections.link) this.#happen('lost')
      this.emit('retrying', error)
    }
    return isRenewed
  }

  /** Whether the next try has another token. */
  #renewToken(): boolean {
    const pending = this.#membership ? undefined : this.#pendingLogin
    return pending ? pending.renew() : (this.#target.token?.renew() ?? false)
  }

  /** Ends the login that is not answered yet, with or without the connection. */
  #endLogin(error: SignalboxError): void {
    const pending = this.#pendingLogin
    if (!pending) return
    if (!this.#keepOpen && !this.#leaving) {
      this.#end(error)
      return
    }
    this.#pendingLogin = undefined
    pending.fail(error)
    if (!this.#leaving) this.#happen('left')
  }

  #ask<T>(link: Link, question: RequestSpec<T>): Promise<T> {
    const { parts, attemptTimeoutMs } = this.#settings
    return ask(link, question, parts.clock, attemptTimeoutMs)
  }

  /** The session has ended; the connection may stay. */
  #forgetSession(reason: SignalboxError): void {
    this.#membership?.end('lost')
    this.#membership = undefined
    this.#connections.forgetDeparture()
    this.#refresh.stop()
    this.iceRenewal.settle()
    this.#requests.fail(reason)
  }

  #end(reason: SignalboxError): void {
    if (this.#state === 'closed') return
    const pending = this.#pendingLogin
    this.#pendingLogin = undefined
    this.#leaving = undefined
    this.#keepOpen = false
    this.#connections.stop()
    this.#stopKeeping()
    this.#forgetSession(reason)
    pending?.fail(reason)
    this.#hangUp()
    this.#happen('ended')
    this.emit('closed', reason)
  }

  #happen(event: SessionEvent): void {
    this.#setState(nextState(this.#state, event))
  }

  #setState(state: SessionState): void {
    const before = this.#state
    this.#state = state
    if (state !== before) this.emit('state', state, before)
  }
}

/** The reason with which a failure ends the session, or the pending login; undefined: the client tries again. */
function endOf(error: SignalboxError, membership: Membership | undefined): SignalboxError | undefined {
  if (!membership) return isFatalForLogin(error.code) ? error : undefined
  if (isFatalForSession(error.code)) return error
  return membership.expired
    ? new SignalboxError('ticket_expired', 'No node answered in time', { cause: error })
    : undefined
}

/** A login has used up its time: because of the token function, or of the last failure. */
function loginTimeoutError(cause: SignalboxError | undefined): SignalboxError {
  if (cause?.code === 'token_unavailable') return cause
  return new SignalboxError('unreachable', 'No node answered in time', { cause })
}
