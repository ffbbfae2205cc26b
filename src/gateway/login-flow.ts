import { inBackground } from '../core/background.ts'
import { beforeDeadline, type Deadline } from '../core/deadline.ts'
import { SignalError } from '../core/errors.ts'
import type { Session } from '../core/session/session.ts'
import type { Acks } from './acks.ts'
import type { Connection } from './connection.ts'
import type { EarlyRequests } from './early-requests.ts'
import type { IncomingEvent, IncomingRequest } from './incoming.ts'
import { guessKeys, looksLikeGuessing } from './limits/credential-guessing.ts'
import type { LoginOutcome, ServedRequest } from './requests.ts'
import type { GatewayServices } from './services.ts'
import { TicketConfirmations } from './ticket-confirmations.ts'

/** Serves the requests of one connection that begin or continue a session: login, relogin, and the switch to another room. */
export class LoginFlow {
  readonly #connection: Connection
  readonly #services: GatewayServices
  readonly #acks: Acks
  readonly #early: EarlyRequests
  readonly #ticketConfirmations: TicketConfirmations
  #deadline: Deadline = 0

  constructor(connection: Connection, services: GatewayServices, acks: Acks, early: EarlyRequests) {
    this.#connection = connection
    this.#services = services
    this.#acks = acks
    this.#early = early
    this.#ticketConfirmations = new TicketConfirmations(connection.confirmations, (session, ticketId) =>
      this.#inBackground(
        () => services.sessions.tickets.confirm(session, ticketId),
        'the delivery of a ticket could not be recorded',
      ),
    )
  }

  /** The deadline of the last login, which also holds for the requests that waited for it. */
  get deadline(): Deadline {
    return this.#deadline
  }

  /** Serves a login or relogin: one at a time, and only without a session. */
  async login(incoming: IncomingRequest): Promise<void> {
    const connection = this.#connection
    const { event, args } = incoming
    const startedAt = performance.now()
    if (connection.state !== 'initialized') return this.#acks.refuse(event, args, new SignalError('in_service'))
    connection.state = 'connecting'
    this.#deadline = incoming.deadline
    try {
      const outcome = await this.#handle(incoming)
      connection.beginSession(outcome.session)
      this.#accept(incoming, outcome)
    } catch (error) {
      await this.delayIfGuessing(error, incoming)
      connection.state = 'initialized'
      this.fail(incoming, error)
      return
    }
    await this.#startDelivery()
    if (incoming.request.resumes) this.#services.metrics.reloginSeconds.observe((performance.now() - startedAt) / 1000)
  }

  /** Refuses a login and closes the connection. */
  fail(incoming: IncomingRequest, error: unknown): void {
    this.#refuse(incoming, error)
    this.#early.refuseAll()
    // the store may be back soon: client libraries reconnect by themselves after a cut, but not after a disconnect
    if (error instanceof SignalError && error.code === 'unavailable') this.#connection.cut()
    else this.#connection.close()
  }

  /** Serves a login in a room that may replace the session of another room. If it is refused, nothing changes. */
  async switchRoom(incoming: IncomingRequest): Promise<void> {
    const connection = this.#connection
    const before = connection.session
    if (!before) connection.state = 'connecting'
    this.#deadline = incoming.deadline
    let outcome: LoginOutcome<unknown>
    try {
      outcome = await this.#handle(incoming, before)
    } catch (error) {
      await this.delayIfGuessing(error, incoming)
      this.#refuse(incoming, error)
      // the node does not know what the request has done: a new connection begins in a known state
      if (!(error instanceof SignalError)) connection.cut()
      if (before && error instanceof SignalError && error.code === 'moved')
        await this.#services.sessions.closer.endTakenOver(before)
      if (before) return
      connection.state = 'initialized'
      this.#early.refuseAll()
      return
    }
    const stays = outcome.session === before
    if (!stays) {
      connection.beginSession(outcome.session) // before leaving: if the connection is lost now, the new session gets the window
      if (before) await this.#leave(before, incoming)
    }
    this.#accept(incoming, outcome)
    if (stays) this.ticketSent()
    else await this.#startDelivery()
  }

  /** Delays the refusal of a client that guesses credentials, longer each time. */
  async delayIfGuessing(error: unknown, { args: { data }, free }: Pick<IncomingEvent, 'args' | 'free'>): Promise<void> {
    if (!(error instanceof SignalError && looksLikeGuessing(error.code))) return
    const { throttle, refusals } = this.#services
    const { address, dialect } = this.#connection
    const keys = guessKeys(address, data)
    data.length = 0 // frees the memory during a delay of seconds
    free()
    const delayed = await throttle.delayRefusal(keys)
    if (delayed) refusals.note('throttled', { code: error.code, dialect: dialect.name, address }, 'refusal delayed')
  }

  /** An ack with a ticket was sent. When the client has received it, earlier tickets are invalid. */
  ticketSent(): void {
    const { session } = this.#connection
    if (session) this.#ticketConfirmations.sent(session)
  }

  /** Stops waiting for confirmations: the connection is lost. */
  end(): void {
    this.#ticketConfirmations.end()
  }

  async #handle({ request, args, deadline }: IncomingRequest, before?: Session): Promise<LoginOutcome<unknown>> {
    const context = { connection: this.#connection, deadline, ...(before ? { session: before } : {}) }
    let handled: Promise<LoginOutcome<unknown>> | undefined
    let outcome: LoginOutcome<unknown>
    try {
      outcome = await beforeDeadline(deadline, () => {
        handled = request.handle(context, request.check(args.data)) as Promise<LoginOutcome<unknown>>
        return handled
      })
    } catch (error) {
      // the client gets an error, so it will not use a session that the handler still makes
      if (handled) this.#leaveLater(handled, before)
      throw error
    }
    if (outcome.session.ended) throw new SignalError('early_left') // the connection was lost or taken over meanwhile
    return outcome
  }

  #leaveLater(handled: Promise<LoginOutcome<unknown>>, before: Session | undefined): void {
    const leave = async () => {
      const outcome = await handled.catch(() => undefined)
      if (outcome && outcome.session !== before) await this.#services.sessions.closer.leaveQuietly(outcome.session)
    }
    this.#inBackground(leave, 'the session of a refused request could not be ended')
  }

  #inBackground(work: () => Promise<void>, message: string): void {
    inBackground(work, (error) => this.#services.log.error({ err: error, ...this.#connection.about }, message))
  }

  /** Leaves the old room, but delays the ack of the request at most until its deadline. */
  async #leave(before: Session, { deadline }: IncomingRequest): Promise<void> {
    await beforeDeadline(deadline, () => this.#services.sessions.closer.leaveQuietly(before)).catch(() => {})
  }

  #accept(
    { event, request, args }: IncomingRequest,
    { reply, resumedFrom, privateEvent, isIncomplete }: LoginOutcome<unknown>,
  ): void {
    const { dialect, about } = this.#connection
    const { log, refusals } = this.#services
    log.info({ dialect: dialect.name, ...about, from: resumedFrom }, event)
    if (isIncomplete)
      refusals.note('log_trimmed', { dialect: dialect.name, ...about }, 'missed messages were already trimmed')
    if (privateEvent?.when === 'before ack') this.#send(privateEvent)
    this.#acks.accept(event, args, this.#connection.wantsLimits ? withLimits(reply, this.#services) : reply)
    if (privateEvent?.when === 'after ack') this.#send(privateEvent)
    this.#count(request, 'ok', resumedFrom)
  }

  #send({ rendered: [event, ...data], seq }: NonNullable<LoginOutcome<unknown>['privateEvent']>): void {
    const { socket, dialect } = this.#connection
    socket.emit(event, ...data, ...(seq === undefined ? [] : [{ seq }]))
    this.#services.metrics.countMessage(dialect.name, event, 'out')
  }

  /** Serves the requests that waited for the session, and starts to deliver notifications. */
  async #startDelivery(): Promise<void> {
    this.ticketSent()
    this.#early.serveAll()
    await this.#connection.session?.startDelivery()
  }

  #refuse({ event, request, args }: IncomingRequest, error: unknown): void {
    this.#count(request, error instanceof SignalError ? error.code : 'internal')
    this.#acks.refuse(event, args, error)
  }

  #count({ resumes }: ServedRequest, result: string, resumedFrom = 'none'): void {
    const { metrics } = this.#services
    const dialect = this.#connection.dialect.name
    if (resumes) metrics.relogins.inc({ dialect, result, from: resumedFrom })
    else metrics.logins.inc({ dialect, result })
  }
}

/** Adds the limits of a client to an ack that has a ticket. */
function withLimits(reply: unknown, { messagesPerSecond, messageBurst, maxMessageBytes }: GatewayServices): unknown {
  const hasTicket = typeof reply === 'object' && reply !== null && ('ticket' in reply || 'reconnectionTicket' in reply)
  return hasTicket ? { ...reply, limits: { messagesPerSecond, burst: messageBurst, maxMessageBytes } } : reply
}
