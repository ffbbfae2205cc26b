import type { Draining } from '../protocol/session.ts'
import { ask, type Question } from './ask.ts'
import { Emitter } from './emitter.ts'
import { asSignalboxError, SignalboxError } from './errors.ts'
import type { Link } from './link.ts'
import type { IceServer } from './mesh/rtc.ts'
import { type Notification, notificationOf } from './notification.ts'
import type { Settings } from './options.ts'
import { berthOf, Passage } from './passage.ts'
import { type LoginSpec, PendingLogin, type Sent } from './pending-login.ts'
import { Pilot } from './pilot.ts'
import { endsLogin, endsSession } from './refusals.ts'
import { Requests } from './requests.ts'
import type { Berth, Resync, SessionEvents } from './session-events.ts'
import { nextState, type SessionEvent, type SessionState } from './states.ts'
import { Tickets } from './ticket.ts'
import { TicketRefresh } from './ticket-refresh.ts'

type Relogin = { ticket: string; seq: number; complete: boolean; room?: unknown; iceServers?: IceServer[] }

export type SessionTarget = {
  namespace: string
  /** The handshake's `auth`. @param known whether there is a session already, which a ticket proves */
  auth?: ((known: boolean) => Promise<{ [field: string]: unknown }>) | undefined
}

/**
 * A participant's session, which outlives its connections. It resumes by itself on any node, sends requests again until they are
 * acked, and delivers every notification once and in order.
 */
export class Session extends Emitter<SessionEvents> {
  readonly #settings: Settings
  readonly #target: SessionTarget
  readonly #pilot: Pilot
  readonly #requests: Requests
  readonly #refresh: TicketRefresh
  readonly #passage: Passage
  #state: SessionState = 'initialized'
  #link: Link | undefined
  #tickets: Tickets | undefined
  /** The login that this program waits for. During `#leaving` it has not begun: it waits for the goodbye. */
  #pendingLogin: PendingLogin | undefined
  /** Settles when the goodbye that is under way is acked, or given up. */
  #leaving: Promise<void> | undefined
  /** The request that ends the present session. */
  #goodbye: Sent | undefined
  /** Connections on which a login is under way. */
  readonly #loggingIn = new Set<Link>()
  /** Connections on which a login was tried: the token of their handshake is spent. */
  readonly #loginTried = new WeakSet<Link>()
  /** Logins on the connection that is kept without a session, one after the other. */
  #loginQueue: Promise<unknown> = Promise.resolve()
  /** Whether a connection is kept also without a session, as in a lobby. */
  #keepOpen = false
  #seq = 0
  /** Why the login that is not answered yet did not succeed so far. */
  #lastFailure: SignalboxError | undefined

  constructor(settings: Settings, target: SessionTarget) {
    super()
    this.#settings = settings
    this.#target = target
    const { parts, urls, backOff, pace } = settings
    this.#requests = new Requests(pace, parts.clock)
    this.#refresh = new TicketRefresh(parts.clock, parts.random)
    this.#passage = new Passage(parts.clock, parts.random)
    this.#pilot = new Pilot({ urls, backOff }, parts, {
      needed: () => this.#needsLink,
      trying: () => this.#happen('retry'),
      connect: (url, signal) => this.#connect(url, signal),
      board: (link, signal) => this.#board(link, signal),
      failed: (error) => this.#failed(asSignalboxError(error)),
    })
  }

  get state(): SessionState {
    return this.#state
  }

  /** The number of the last notification that was delivered. */
  get seq(): number {
    return this.#seq
  }

  /** The present connection. */
  get berth(): Berth | undefined {
    return this.#link && berthOf(this.#link)
  }

  /** Whether the login was acked, and nothing has ended the session since. */
  get entered(): boolean {
    return this.#tickets !== undefined
  }

  /** How many requests wait for their ack. */
  get pending(): number {
    return this.#requests.size
  }

  /** Keeps a connection, with or without a session, until `close`. */
  open(): void {
    this.#keepOpen = true
    this.#happen('open')
    this.#pilot.seek(true)
  }

  /**
   * Logs in: at once, or after the goodbye that is under way.
   * @throws SignalboxError in_service, unreachable, token_unavailable, closed (by `leave` or `close`), or as the server refuses
   */
  enter<T>(spec: LoginSpec<T>): Promise<T> {
    if ((this.#tickets && !this.#leaving) || this.#pendingLogin) return Promise.reject(new SignalboxError('in_service'))
    const { loginTimeoutMs, parts } = this.#settings
    const onTimeout = () => this.#endLogin(loginTimeoutError(this.#lastFailure))
    const pending = new PendingLogin(spec, parts.clock, loginTimeoutMs, onTimeout)
    this.#pendingLogin = pending
    this.#lastFailure = undefined
    if (!this.#leaving) this.#beginLogin(pending)
    return pending.result as Promise<T>
  }

  /**
   * Resolves to the ack's data; until then it is sent again on each new connection. @throws SignalboxError as the server refuses,
   * or no_session: also while the goodbye is under way
   */
  request(event: string, args: readonly unknown[]): Promise<unknown> {
    if (this.#leaving || (!this.#tickets && !this.#pendingLogin))
      return Promise.reject(new SignalboxError('no_session'))
    return this.#requests.add(event, args)
  }

  /** Asks once, on the present connection, also without a session. @throws SignalboxError lost, timeout, or as the server refuses */
  ask(event: string, args: readonly unknown[]): Promise<unknown> {
    if (!this.#link) return Promise.reject(new SignalboxError('lost', 'There is no connection'))
    return this.#ask(this.#link, { event, args, read: (data) => data })
  }

  /**
   * Ends the session with a goodbye, so that the others in the room are told at once. If no node acks it within
   * `attemptTimeoutMs`, the session ends all the same, and the others are told when the server's window is over. A login that is
   * not answered yet rejects with `closed`; if the server acks it later, the goodbye follows. Resolves when all that is done.
   */
  async leave(): Promise<void> {
    const pending = this.#pendingLogin
    if (pending) this.#endLogin(new SignalboxError('closed'))
    else if (this.#tickets) this.#leaving ??= this.#leave(this.#tickets)
    await Promise.all([pending?.idle, this.#leaving])
  }

  /** Ends a session at once, without a goodbye, and closes the connection. A login that is not answered yet ends as by `leave`. */
  close(): void {
    this.#end(new SignalboxError('closed'))
  }

  get #needsLink(): boolean {
    const wanted = this.#keepOpen || this.#tickets !== undefined || this.#pendingLogin !== undefined
    return wanted && (!this.#link?.open || this.#link === this.#passage.leaving)
  }

  async #leave(tickets: Tickets): Promise<void> {
    await this.#sayGoodbye()
    if (this.#tickets !== tickets) return
    this.#leaving = undefined
    tickets.left = true
    this.#forgetSession(new SignalboxError('no_session'))
    const pending = this.#pendingLogin
    if (!pending && !this.#keepOpen) return this.close()
    this.#happen('left')
    if (!this.#keepOpen) this.#hangUp()
    if (pending) this.#beginLogin(pending)
  }

  #sayGoodbye(): Promise<void> {
    const { parts, attemptTimeoutMs } = this.#settings
    const { event, args } = this.#goodbye ?? { event: '', args: [] }
    return new Promise((resolve) => {
      const cancel = parts.clock.after(attemptTimeoutMs, resolve)
      const settled = () => {
        cancel()
        resolve()
      }
      this.#requests.add(event, args).then(settled, settled)
    })
  }

  /** Leaves the connection. If a login is under way on it, `#loginHere` closes it when that is answered. */
  #hangUp(): void {
    const link = this.#link
    this.#link = undefined
    this.#passage.reset()
    if (link && !this.#loggingIn.has(link)) link.close()
  }

  async #connect(url: string, signal: AbortSignal): Promise<Link> {
    const pending = this.#pendingLogin
    await pending?.prepare().catch((error) => {
      if (this.#pendingLogin === pending) throw error
    })
    const { transports, attemptTimeoutMs: timeoutMs, parts } = this.#settings
    const { namespace, auth } = this.#target
    const target = { url, namespace, auth: (await auth?.(this.#tickets !== undefined)) ?? {}, transports, timeoutMs }
    return parts.connect(target, signal)
  }

  /** Resumes, logs in or keeps the connection without a session. What is wanted may change while the server is asked. */
  async #board(link: Link, signal: AbortSignal): Promise<void> {
    for (let done = false; !done; ) {
      const [tickets, pending] = [this.#tickets, this.#pendingLogin]
      if (signal.aborted) throw new SignalboxError('closed')
      if (tickets) done = await this.#relogin(link, tickets)
      else if (pending) done = await this.#login(link, pending)
      else done = this.#adoptIdle(link)
    }
  }

  /** Keeps the connection without a session, as in a lobby. */
  #adoptIdle(link: Link): true {
    if (!this.#keepOpen) throw new SignalboxError('closed')
    this.#adopt(link)
    this.emit('open')
    return true
  }

  #beginLogin(pending: PendingLogin): void {
    this.#happen('login')
    const link = this.#link
    const needsToken = this.#target.auth !== undefined && link !== undefined && this.#loginTried.has(link)
    if (needsToken) this.#hangUp() // a token is good for one login
    if (link?.open && !needsToken) this.#loginQueue = this.#loginQueue.then(() => this.#loginHere(link, pending))
    else this.#pilot.seek(true)
  }

  /** Logs in on the connection that was kept without a session. */
  async #loginHere(link: Link, pending: PendingLogin): Promise<void> {
    if (this.#pendingLogin !== pending || this.#link !== link) return
    try {
      await this.#login(link, pending)
    } catch (thrown) {
      if (this.#pendingLogin === pending) this.#failed(asSignalboxError(thrown))
      // the login is tried again on another connection; after a timeout its answer may still come, so nothing else can use this one
      if (this.#pendingLogin === pending || isTimeout(thrown)) link.close()
    }
    if (this.#link !== link) link.close() // `#hangUp` left it open for the goodbye
  }

  async #login(link: Link, pending: PendingLogin): Promise<boolean> {
    const ask = <T>(on: Link, question: Question<T>) => this.#ask(on, question)
    this.#loggingIn.add(link)
    this.#loginTried.add(link)
    try {
      return await pending.tryOn(link, ask, ({ ticket, seq, result }) => {
        this.#loggingIn.delete(link)
        this.#tickets = new Tickets(ticket, this.#settings.parts.clock.now())
        this.#goodbye = pending.spec.goodbye
        this.#seq = seq
        this.#passage.forget()
        this.#pendingLogin = undefined
        pending.done(result)
        this.#adopt(link)
      })
    } finally {
      this.#loggingIn.delete(link)
    }
  }

  /** False if the session has ended meanwhile. */
  async #relogin(link: Link, tickets: Tickets): Promise<boolean> {
    const [used, seen] = [tickets.current, this.#seq]
    const read = (data: unknown) => {
      if (this.#tickets !== tickets) return false
      const { ticket, seq, complete, room, iceServers } = data as Relogin
      tickets.replace(ticket, used, this.#settings.parts.clock.now())
      if (iceServers) this.emit('iceServers', iceServers)
      // the room was made anew if its `seq` is below what was seen: its numbers count from the start again
      if (!complete || seq < seen) this.#resync({ seq, room })
      this.#adopt(link)
      return true
    }
    const inTime = await this.#ask(link, { event: 'relogin', args: [{ ticket: used, seq: seen }], read })
    if (!inTime && tickets.left && this.#goodbye) await this.#ask(link, { ...this.#goodbye, read: () => {} })
    return inTime
  }

  #resync(resync: Resync): void {
    this.#seq = resync.seq
    this.emit('resync', resync)
  }

  /** Moves to this connection, and then closes the one before. If there is a session, its login or relogin was acked here. */
  #adopt(link: Link): void {
    const old = this.#link
    const how = this.#passage.arrived(link)
    this.#link = link
    if (this.#tickets) this.#happen('entered')
    link.listen({
      notice: (event, args) => this.#notice(link, event, args),
      lost: (reason) => this.#lost(link, reason),
    })
    if (this.#tickets) {
      this.#requests.use(link)
      this.#refresh.keep(link, this.#tickets)
    }
    if (old && old !== link) old.close()
    if (how && this.#tickets) this.emit('reconnected', how)
  }

  #notice(link: Link, event: string, received: unknown[]): void {
    if (link !== this.#link) return
    const notification = notificationOf(event, received)
    const { args, meta } = notification
    if (event === 'draining') this.#drain(link, args[0] as Draining)
    else if (event === 'resync') this.#resync(args[0] as Resync)
    else if (!meta || meta.seq > this.#seq) this.#deliver(notification)
  }

  #deliver(notification: Notification): void {
    const { event, meta } = notification
    if (meta) this.#seq = meta.seq
    this.emit('notification', notification)
    if (event === 'drop') this.#end(new SignalboxError('dropped'))
  }

  #drain(link: Link, { withinMs }: Draining): void {
    this.emit('draining', withinMs)
    this.#passage.plan(link, withinMs, () => this.#pilot.seek(true))
  }

  #lost(link: Link, _reason: string): void {
    if (link !== this.#link) return
    this.#link = undefined
    this.#refresh.stop()
    this.#requests.use(undefined)
    this.#passage.lost(link)
    this.#happen('lost')
    this.emit('lost')
    this.#pilot.seek()
  }

  /** A login or relogin failed, or its connection did. */
  #failed(error: SignalboxError): void {
    this.#lastFailure = error
    const tickets = this.#tickets
    if (!tickets) {
      if (this.#pendingLogin && endsLogin(error.code)) this.#endLogin(error)
      else this.#happen('lost')
      return
    }
    const over = this.#settings.parts.clock.now() > tickets.expiresAt
    // the current ticket may come from the ack of a relogin that a later one of ours has overtaken
    if (error.code === 'ticket_spent' && tickets.revert()) return
    if (endsSession(error.code)) this.#end(error)
    else if (over) this.#end(new SignalboxError('ticket_expired', 'No node answered in time', { cause: error }))
    else if (!this.#link) this.#happen('lost')
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

  #ask<T>(link: Link, question: Question<T>): Promise<T> {
    const { parts, attemptTimeoutMs } = this.#settings
    return ask(link, question, parts.clock, attemptTimeoutMs)
  }

  /** The session has ended; the connection may stay. */
  #forgetSession(reason: SignalboxError): void {
    this.#tickets = undefined
    this.#seq = 0
    this.#passage.forget()
    this.#refresh.stop()
    this.#requests.fail(reason)
  }

  #end(reason: SignalboxError): void {
    if (this.#state === 'closed') return
    const pending = this.#pendingLogin
    this.#pendingLogin = undefined
    this.#leaving = undefined
    this.#keepOpen = false
    this.#pilot.stop()
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

/** Why no login succeeded in its time: the token function, or the last failure. */
function loginTimeoutError(cause: SignalboxError | undefined): SignalboxError {
  if (cause?.code === 'token_unavailable') return cause
  return new SignalboxError('unreachable', 'No node answered in time', { cause })
}

const isTimeout = (error: unknown) => error instanceof SignalboxError && error.code === 'timeout'
