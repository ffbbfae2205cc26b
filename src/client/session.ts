import type { Draining } from '../protocol/session.ts'
import { ask } from './ask.ts'
import { Emitter } from './emitter.ts'
import { Entering, type Entry } from './entering.ts'
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
  auth?: (known: boolean) => Promise<{ [field: string]: unknown }>
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
  #entering: Entering | undefined
  /** Whether a connection is kept without a session. */
  #lobby = false
  #seq = 0

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
      board: (link) => this.#board(link),
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

  /** Begins a session. @throws SignalboxError in_service, unreachable, or as the server refuses */
  enter<T>(entry: Entry<T>): Promise<T> {
    if (this.#tickets || this.#entering) return Promise.reject(new SignalboxError('in_service'))
    const { loginTimeoutMs, parts } = this.#settings
    const late = () => this.#refused(new SignalboxError('unreachable', 'No node answered in time'))
    const entering = new Entering(entry, parts.clock, loginTimeoutMs, late)
    this.#entering = entering
    this.#happen('login')
    if (this.#link?.open) this.#loginHere(this.#link)
    else this.#pilot.seek(true)
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
    return this.#ask(this.#link, event, args, (data) => data)
  }

  /**
   * Ends the session with a goodbye, so that the others are told at once. When no node can be reached within
   * `attemptTimeoutMs` it ends without: the others are told when the server's window is over.
   */
  async leave(event: string, args: readonly unknown[] = []): Promise<void> {
    const tickets = this.#tickets
    if (!tickets) return
    const { parts, attemptTimeoutMs } = this.#settings
    await new Promise<void>((resolve) => {
      const cancel = parts.clock.after(attemptTimeoutMs, resolve)
      const settled = () => {
        cancel()
        resolve()
      }
      this.#requests.add(event, args).then(settled, settled)
    })
    if (this.#tickets !== tickets) return
    if (this.#lobby) {
      this.#forget(new SignalboxError('no_session'))
      this.#happen('left')
    } else this.close()
  }

  /** Ends everything at once, without a goodbye. */
  close(): void {
    this.#end(new SignalboxError('closed'))
  }

  get #needsLink(): boolean {
    const wanted = this.#lobby || this.#tickets !== undefined || this.#entering !== undefined
    return wanted && (!this.#link?.open || this.#link === this.#passage.leaving)
  }

  async #connect(url: string, signal: AbortSignal): Promise<Link> {
    const { transports, attemptTimeoutMs: timeoutMs, parts } = this.#settings
    const { namespace, auth } = this.#target
    const target = { url, namespace, auth: (await auth?.(this.#tickets !== undefined)) ?? {}, transports, timeoutMs }
    return parts.connect(target, signal)
  }

  async #board(link: Link): Promise<void> {
    if (this.#tickets) await this.#relogin(link, this.#tickets)
    else if (this.#entering) await this.#login(link)
    else if (this.#lobby) {
      this.#adopt(link)
      this.emit('open')
    } else throw new SignalboxError('closed')
  }

  /** On the connection of the lobby. */
  #loginHere(link: Link): void {
    this.#login(link).catch((thrown) => {
      const error = asSignalboxError(thrown)
      this.#failed(error)
      if (error.code === 'timeout') link.close() // and another is found
    })
  }

  async #login(link: Link): Promise<void> {
    const entering = this.#entering
    if (!entering) return
    const { event, args, read, prelude } = entering.entry
    if (prelude) link.ask(prelude.event, prelude.args, () => {})
    await this.#ask(link, event, args, (data) => {
      if (this.#entering !== entering) throw new SignalboxError('closed')
      const { ticket, seq, result } = read(data)
      this.#tickets = new Tickets(ticket, this.#settings.parts.clock.now())
      this.#seq = seq
      this.#passage.forget()
      this.#entering = undefined
      entering.done(result)
      this.#adopt(link)
    })
  }

  async #relogin(link: Link, tickets: Tickets): Promise<void> {
    const [used, asked] = [tickets.current, this.#seq]
    await this.#ask(link, 'relogin', [{ ticket: used, seq: asked }], (data) => {
      if (this.#tickets !== tickets) throw new SignalboxError('closed')
      const { ticket, seq, complete, room, iceServers } = data as Relogin
      tickets.replace(ticket, used, this.#settings.parts.clock.now())
      if (iceServers) this.emit('iceServers', iceServers)
      // a room that is behind what was seen here has begun anew: its numbers mean something else now
      if (!complete || seq < asked) this.#resync({ seq, room })
      this.#adopt(link)
    })
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
    if (this.#lobby) {
      this.#entering = undefined
      entering.fail(error)
      this.#happen('left')
    } else this.#end(error)
  }

  #ask<T>(link: Link, event: string, args: readonly unknown[], read: (data: unknown) => T): Promise<T> {
    const { parts, attemptTimeoutMs } = this.#settings
    return ask(link, { event, args, read }, parts.clock, attemptTimeoutMs)
  }

  /** There is no session any more. */
  #forget(reason: SignalboxError): void {
    this.#tickets = undefined
    this.#seq = 0
    this.#passage.forget()
    this.#refresh.stop()
    this.#requests.fail(reason)
    this.#entering?.fail(reason)
    this.#entering = undefined
  }

  #end(reason: SignalboxError): void {
    if (this.#state === 'closed') return
    const link = this.#link
    this.#link = undefined
    this.#lobby = false
    this.#passage.reset()
    this.#pilot.stop()
    this.#forget(reason)
    link?.close()
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
