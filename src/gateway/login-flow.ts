import { inBackground } from '../core/background.ts'
import { beforeDeadline, type Deadline } from '../core/deadline.ts'
import { SignalError } from '../core/errors.ts'
import type { Session } from '../core/session/session.ts'
import type { Acks } from './acks.ts'
import type { Arguments } from './arguments.ts'
import type { Connection } from './connection.ts'
import type { EarlyRequests } from './early-requests.ts'
import { guessKeys, looksLikeGuessing } from './limits/credential-guessing.ts'
import type { LoginOutcome, ServedRequest } from './requests.ts'
import type { GatewayServices } from './services.ts'
import { TicketReceipts } from './ticket-receipts.ts'

/** One request that makes a session: a login or relogin, or coming into a room. */
export type LoginRequest = {
  event: string
  request: ServedRequest
  args: Arguments
  deadline: Deadline
  /** Its data is not kept any longer: it no longer counts in the client's budget. */
  release: () => void
}

/** How one client gets its session, and from one to the next. */
export class LoginFlow {
  readonly #connection: Connection
  readonly #services: GatewayServices
  readonly #acks: Acks
  readonly #early: EarlyRequests
  readonly #receipts: TicketReceipts
  #deadline: Deadline = 0

  constructor(connection: Connection, services: GatewayServices, acks: Acks, early: EarlyRequests) {
    this.#connection = connection
    this.#services = services
    this.#acks = acks
    this.#early = early
    this.#receipts = new TicketReceipts(connection.confirmations, (session, ticketId) =>
      this.#background(() => services.sessions.tickets.confirm(session, ticketId), 'a ticket could not be confirmed'),
    )
  }

  /** Of the last login: until then the requests that waited for it are served, too. */
  get deadline(): Deadline {
    return this.#deadline
  }

  /** Login and relogin: one at a time, and only without a session. */
  async login(entry: LoginRequest): Promise<void> {
    const connection = this.#connection
    const { event, args } = entry
    const startedAt = performance.now()
    if (connection.state !== 'initialized') return this.#acks.refuse(event, args, new SignalError('in_service'))
    connection.state = 'connecting'
    this.#deadline = entry.deadline
    try {
      const entered = await this.#handle(entry)
      connection.enter(entered.session)
      this.#answer(entry, entered)
    } catch (error) {
      await this.discourage(error, entry)
      connection.state = 'initialized'
      this.fail(entry, error)
      return
    }
    await this.#board()
    if (entry.request.resumes) this.#services.metrics.reloginSeconds.observe((performance.now() - startedAt) / 1000)
  }

  /** The client is told, and let go. */
  fail(entry: LoginRequest, error: unknown): void {
    this.#refuse(entry, error)
    this.#early.refuseAll()
    // Redis was away for a moment: the client should come back by itself, which it does not after a disconnect
    if (error instanceof SignalError && error.code === 'unavailable') this.#connection.cut()
    else this.#connection.close()
  }

  /** Into a room, and out of the one before if there is one. Refused, everything stays as it was. */
  async enter(entry: LoginRequest): Promise<void> {
    const connection = this.#connection
    const before = connection.session
    if (!before) connection.state = 'connecting'
    this.#deadline = entry.deadline
    let entered: LoginOutcome<unknown>
    try {
      entered = await this.#handle(entry, before)
    } catch (error) {
      await this.discourage(error, entry)
      this.#refuse(entry, error)
      // how far the request came before it failed is not known: a new connection begins in a known state
      if (!(error instanceof SignalError)) connection.cut()
      if (before && error instanceof SignalError && error.code === 'moved')
        await this.#services.sessions.closer.supersede(before)
      if (before) return
      connection.state = 'initialized'
      this.#early.refuseAll()
      return
    }
    const stays = entered.session === before
    if (!stays) {
      connection.enter(entered.session) // at once: should the connection be lost now, it is this one that waits
      if (before) await this.#leave(before, entry)
    }
    this.#answer(entry, entered)
    if (stays) this.settle()
    else await this.#board()
  }

  /** Who guesses is told later and later. */
  async discourage(error: unknown, { args: { data }, release }: Pick<LoginRequest, 'args' | 'release'>): Promise<void> {
    if (!(error instanceof SignalError && looksLikeGuessing(error.code))) return
    const { throttle, refusals } = this.#services
    const { address, dialect } = this.#connection
    const keys = guessKeys(address, data)
    data.length = 0 // a refusal that is held back takes seconds, and needs none of it
    release()
    const held = await throttle.hold(keys)
    if (held) refusals.note('throttled', { code: error.code, dialect: dialect.name, address }, 'refusal held back')
  }

  /** An ack with a ticket was sent. Once the client is known to have it, those before it are spent. */
  settle(): void {
    const { session } = this.#connection
    if (session) this.#receipts.sent(session)
  }

  /** The connection is lost. */
  end(): void {
    this.#receipts.end()
  }

  async #handle({ request, args, deadline }: LoginRequest, before?: Session): Promise<LoginOutcome<unknown>> {
    const context = { connection: this.#connection, deadline, ...(before ? { session: before } : {}) }
    let handled: Promise<LoginOutcome<unknown>> | undefined
    let entered: LoginOutcome<unknown>
    try {
      entered = await beforeDeadline(deadline, () => {
        handled = request.handle(context, request.check(args.data)) as Promise<LoginOutcome<unknown>>
        return handled
      })
    } catch (error) {
      // refused: a session that comes of it after all is nobody's
      if (handled) this.#abandonLater(handled, before)
      throw error
    }
    if (entered.session.ended) throw new SignalError('early_left') // the connection was lost, or taken over, meanwhile
    return entered
  }

  #abandonLater(handled: Promise<LoginOutcome<unknown>>, before: Session | undefined): void {
    const leaveQuietly = async () => {
      const entered = await handled.catch(() => undefined)
      if (entered && entered.session !== before) await this.#services.sessions.closer.leaveQuietly(entered.session)
    }
    this.#background(leaveQuietly, 'the session of a refused request could not be ended')
  }

  #background(work: () => Promise<void>, message: string): void {
    inBackground(work, (error) => this.#services.log.error({ err: error, ...this.#connection.about }, message))
  }

  /** The ack of the new room does not wait longer than its request may for the old room to be left. */
  async #leave(before: Session, { deadline }: LoginRequest): Promise<void> {
    await beforeDeadline(deadline, () => this.#services.sessions.closer.leaveQuietly(before)).catch(() => {})
  }

  #answer({ event, request, args }: LoginRequest, { reply, from, first, gap }: LoginOutcome<unknown>): void {
    const { dialect, about } = this.#connection
    const { log, refusals } = this.#services
    log.info({ dialect: dialect.name, ...about, from }, event)
    if (gap) refusals.note('log_trimmed', { dialect: dialect.name, ...about }, 'the log does not reach back so far')
    if (first?.when === 'before ack') this.#send(first)
    this.#acks.accept(event, args, this.#connection.wantsLimits ? withLimits(reply, this.#services) : reply)
    if (first?.when === 'after ack') this.#send(first)
    this.#count(request, 'ok', from)
  }

  #send({ rendered: [event, ...data], seq }: NonNullable<LoginOutcome<unknown>['first']>): void {
    const { socket, dialect } = this.#connection
    socket.emit(event, ...data, ...(seq === undefined ? [] : [{ seq }]))
    this.#services.metrics.countMessage(dialect.name, event, 'out')
  }

  /** What waited for the session is served, and what is said in the room told, from now on. */
  async #board(): Promise<void> {
    this.settle()
    this.#early.serveAll()
    await this.#connection.session?.startDelivery()
  }

  #refuse({ event, request, args }: LoginRequest, error: unknown): void {
    this.#count(request, error instanceof SignalError ? error.code : 'internal')
    this.#acks.refuse(event, args, error)
  }

  #count({ resumes }: ServedRequest, result: string, from = 'none'): void {
    const { metrics } = this.#services
    const dialect = this.#connection.dialect.name
    if (resumes) metrics.relogins.inc({ dialect, result, from })
    else metrics.logins.inc({ dialect, result })
  }
}

/** An ack with a ticket says what the node takes of the connection. */
function withLimits(reply: unknown, { messagesPerSecond, messageBurst, maxMessageBytes }: GatewayServices): unknown {
  const hasTicket = typeof reply === 'object' && reply !== null && ('ticket' in reply || 'reconnectionTicket' in reply)
  return hasTicket ? { ...reply, limits: { messagesPerSecond, burst: messageBurst, maxMessageBytes } } : reply
}
