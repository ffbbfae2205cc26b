import type { Draining } from '../protocol/session.ts'
import { ask, type Question } from './ask.ts'
import { Emitter } from './emitter.ts'
import { Entering, type Entry, type Sent } from './entering.ts'
import { asSignalboxError, SignalboxError } from './errors.ts'
import type { Link } from './link.ts'
import type { IceServer } from './mesh/rtc.ts'
import { type Notification, notificationOf } from './notification.ts'
import type { Settings } from './options.ts'
import { berthOf, Passage } from './passage.ts'
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
  /** The handshake's `auth`. @param known whether there is a session already, that a ticket proves */
  auth?: ((known: boolean) => Promise<{ [field: string]: unknown }>) | undefined
}

/**
 * A participant's session, which outlives its connections: relogs in by itself on any node, sends requests again until
 * they are acked, and hands on every notification once and in order (wire 2).
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
  /** The login that this program waits for. While it is `#leaving`, it begins after the goodbye. */
  #entering: Entering | undefined
  /** The goodbye that is under way. */
  #leaving: Promise<void> | undefined
  #goodbye: Sent | undefined
  /** Connections on which a login is under way. */
  readonly #asking = new Set<Link>()
  /** Connections on which a login was tried: their handshake's token is spent. */
  readonly #used = new WeakSet<Link>()
  /** Ends when no login is under way on the connection of the lobby. */
  #turn: Promise<unknown> = Promise.resolve()
  /** Whether a connection is kept without a session. */
  #lobby = false
  #seq = 0
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

  /** The number of the last notification that was handed on. */
  get seq(): number {
    return this.#seq
  }

  /** Where it is connected just now. */
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
    this.#lobby = true
    this.#happen('open')
    this.#pilot.seek(true)
  }

  /**
   * Begins a session: at once, or after the goodbye that is under way.
   * @throws SignalboxError in_service, unreachable, token_unavailable, closed (by `leave` or `close`), or as the server refuses
   */
  enter<T>(entry: Entry<T>): Promise<T> {
    if ((this.#tickets && !this.#leaving) || this.#entering) return Promise.reject(new SignalboxError('in_service'))
    const { loginTimeoutMs, parts } = this.#settings
    const entering = new Entering(entry, parts.clock, loginTimeoutMs, () => this.#refused(tooLate(this.#lastFailure)))
    this.#entering = entering
    if (!this.#leaving) this.#begin(entering)
    return entering.result as Promise<T>
  }

  /** Resolves to the ack's data; sent again on other connections until then. @throws SignalboxError as it is refused */
  request(event: string, args: readonly unknown[]): Promise<unknown> {
    if (!this.#tickets && !this.#entering) return Promise.reject(new SignalboxError('no_session'))
    return this.#requests.add(event, args)
  }

  /** Asks once, on the present connection, without a session. @throws SignalboxError lost, timeout, or as refused */
  ask(event: string, args: readonly unknown[]): Promise<unknown> {
    if (!this.#link) return Promise.reject(new SignalboxError('lost', 'There is no connection'))
    return this.#ask(this.#link, { event, args, read: (data) => data })
  }

  /**
   * Ends the session with a goodbye, so that the others are told at once. When no node can be reached within
   * `attemptTimeoutMs` it ends without: the others are told when the server's window is over. A login that is not
   * answered yet rejects with `closed`; if the server acks it nevertheless, it is told the goodbye.
   */
  async leave(): Promise<void> {
    const entering = this.#entering
    if (entering) this.#refused(new SignalboxError('closed'))
    else if (this.#tickets) this.#leaving ??= this.#leave(this.#tickets)
    await Promise.all([entering?.idle, this.#leaving])
  }

  /** Ends everything at once: a session without a goodbye, a login that is not answered yet as `leave` does. */
  close(): void {
    this.#end(new SignalboxError('closed'))
  }

  get #needsLink(): boolean {
    const wanted = this.#lobby || this.#tickets !== undefined || this.#entering !== undefined
    return wanted && (!this.#link?.open || this.#link === this.#passage.leaving)
  }

  async #leave(tickets: Tickets): Promise<void> {
    await this.#sayGoodbye()
    if (this.#tickets !== tickets) return
    this.#leaving = undefined
    tickets.left = true
    this.#forget(new SignalboxError('no_session'))
    const entering = this.#entering
    if (!entering && !this.#lobby) return this.close()
    this.#happen('left')
    if (!this.#lobby) this.#hangUp()
    if (entering) this.#begin(entering)
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

  /** A connection on which a login is under way is closed when that is answered. */
  #hangUp(): void {
    const link = this.#link
    this.#link = undefined
    this.#passage.reset()
    if (link && !this.#asking.has(link)) link.close()
  }

  async #connect(url: string, signal: AbortSignal): Promise<Link> {
    const entering = this.#entering
    await entering?.prepare().catch((error) => {
      if (this.#entering === entering) throw error
    })
    const { transports, attemptTimeoutMs: timeoutMs, parts } = this.#settings
    const { namespace, auth } = this.#target
    const target = { url, namespace, auth: (await auth?.(this.#tickets !== undefined)) ?? {}, transports, timeoutMs }
    return parts.connect(target, signal)
  }

  /** Uses the connection for what is wanted, which may change while the server is asked. */
  async #board(link: Link, signal: AbortSignal): Promise<void> {
    for (let done = false; !done; ) {
      const [tickets, entering] = [this.#tickets, this.#entering]
      if (signal.aborted) throw new SignalboxError('closed')
      if (tickets) done = await this.#relogin(link, tickets)
      else if (entering) done = await this.#login(link, entering)
      else done = this.#wait(link)
    }
  }

  /** Keeps the connection without a session. */
  #wait(link: Link): true {
    if (!this.#lobby) throw new SignalboxError('closed')
    this.#adopt(link)
    this.emit('open')
    return true
  }

  #begin(entering: Entering): void {
    this.#happen('login')
    const link = this.#link
    const needsToken = this.#target.auth !== undefined && link !== undefined && this.#used.has(link)
    if (needsToken) this.#hangUp() // a token is good for one login
    if (link?.open && !needsToken) this.#turn = this.#turn.then(() => this.#loginHere(link, entering))
    else this.#pilot.seek(true)
  }

  /** On the connection of the lobby. */
  async #loginHere(link: Link, entering: Entering): Promise<void> {
    if (this.#entering !== entering || this.#link !== link) return
    try {
      await this.#login(link, entering)
    } catch (thrown) {
      if (this.#entering === entering) this.#failed(asSignalboxError(thrown))
      // it is tried again on another connection; nor can one be used whose answer may still come
      if (this.#entering === entering || isTimeout(thrown)) link.close()
    }
    if (this.#link !== link) link.close() // it was kept for the goodbye
  }

  async #login(link: Link, entering: Entering): Promise<boolean> {
    const ask = <T>(on: Link, question: Question<T>) => this.#ask(on, question)
    this.#asking.add(link)
    this.#used.add(link)
    try {
      return await entering.tryOn(link, ask, ({ ticket, seq, result }) => {
        this.#asking.delete(link)
        this.#tickets = new Tickets(ticket, this.#settings.parts.clock.now())
        this.#goodbye = entering.entry.goodbye
        this.#seq = seq
        this.#passage.forget()
        this.#entering = undefined
        entering.done(result)
        this.#adopt(link)
      })
    } finally {
      this.#asking.delete(link)
    }
  }

  /** False if the session has ended meanwhile. */
  async #relogin(link: Link, tickets: Tickets): Promise<boolean> {
    const [used, asked] = [tickets.current, this.#seq]
    const read = (data: unknown) => {
      if (this.#tickets !== tickets) return false
      const { ticket, seq, complete, room, iceServers } = data as Relogin
      tickets.replace(ticket, used, this.#settings.parts.clock.now())
      if (iceServers) this.emit('iceServers', iceServers)
      // a room that is behind what was seen here has begun anew: its numbers mean something else now
      if (!complete || seq < asked) this.#resync({ seq, room })
      this.#adopt(link)
      return true
    }
    const inTime = await this.#ask(link, { event: 'relogin', args: [{ ticket: used, seq: asked }], read })
    if (!inTime && tickets.left && this.#goodbye) await this.#ask(link, { ...this.#goodbye, read: () => {} })
    return inTime
  }

  #resync(resync: Resync): void {
    this.#seq = resync.seq
    this.emit('resync', resync)
  }

  /** Goes over to a connection on which login or relogin was answered; the one before is closed after that. */
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
    else if (!meta || meta.seq > this.#seq) this.#tell(notification)
  }

  #tell(notification: Notification): void {
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

  /** A try to log in or to relog in did not work. */
  #failed(error: SignalboxError): void {
    this.#lastFailure = error
    const tickets = this.#tickets
    if (!tickets) {
      if (this.#entering && endsLogin(error.code)) this.#refused(error)
      else this.#happen('lost')
      return
    }
    const over = this.#settings.parts.clock.now() > tickets.expiresAt
    // the ack that brought the current one may belong to a relogin that another of ours has overtaken
    if (error.code === 'ticket_spent' && tickets.revert()) return
    if (endsSession(error.code)) this.#end(error)
    else if (over) this.#end(new SignalboxError('ticket_expired', 'No node answered in time', { cause: error }))
    else if (!this.#link) this.#happen('lost')
  }

  /** A login ends without a session. */
  #refused(error: SignalboxError): void {
    const entering = this.#entering
    if (!entering) return
    if (!this.#lobby && !this.#leaving) {
      this.#end(error)
      return
    }
    this.#entering = undefined
    entering.fail(error)
    if (!this.#leaving) this.#happen('left')
  }

  #ask<T>(link: Link, question: Question<T>): Promise<T> {
    const { parts, attemptTimeoutMs } = this.#settings
    return ask(link, question, parts.clock, attemptTimeoutMs)
  }

  /** There is no session any more. */
  #forget(reason: SignalboxError): void {
    this.#tickets = undefined
    this.#seq = 0
    this.#passage.forget()
    this.#refresh.stop()
    this.#requests.fail(reason)
  }

  #end(reason: SignalboxError): void {
    if (this.#state === 'closed') return
    const entering = this.#entering
    this.#entering = undefined
    this.#leaving = undefined
    this.#lobby = false
    this.#pilot.stop()
    this.#forget(reason)
    entering?.fail(reason)
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

/** Why a login was given up: what kept it last. */
function tooLate(cause: SignalboxError | undefined): SignalboxError {
  if (cause?.code === 'token_unavailable') return cause
  return new SignalboxError('unreachable', 'No node answered in time', { cause })
}

const isTimeout = (error: unknown) => error instanceof SignalboxError && error.code === 'timeout'
