import type { Logger } from 'pino'
import { SignalError } from '../core/errors.ts'
import type { Session } from '../core/session.ts'
import type { Sessions } from '../core/sessions.ts'
import type { Metrics } from '../metrics.ts'
import { type Arguments, readArguments } from './arguments.ts'
import type { Connection } from './connection.ts'
import type { Entered, Served, Version } from './dialect.ts'
import { EarlyRequests } from './early.ts'
import { excessOf } from './measure.ts'
import { whenProven } from './proof.ts'

export type GateServices = { sessions: Sessions; metrics: Metrics; log: Logger; maxMessageBytes: number }

/**
 * The one gate between a socket and the handlers: reads the arguments, checks, waits its turn, handles, acks, counts.
 * Every request gets exactly one ack, and a client's requests are served one after the other, in the order they came.
 */
export class Gate {
  readonly #connection: Connection
  readonly #services: GateServices
  readonly #early = new EarlyRequests()
  #turn: Promise<void> = Promise.resolve()

  constructor(connection: Connection, services: GateServices) {
    this.#connection = connection
    this.#services = services
    connection.socket.onAny((event: string, ...args: unknown[]) => this.#receive(event, readArguments(args)))
    connection.socket.on('disconnect', () => void this.#lost())
  }

  #receive(event: string, args: Arguments): void {
    const at = Date.now()
    const { dialect } = this.#connection
    const known = dialect.events.has(event)
    this.#services.metrics.countMessage(dialect.name, known ? event : 'unknown', 'in')
    const request = this.#version.requests.get(event)
    const { state } = this.#connection
    const refusal = this.#refusalOf(args, known)
    if (refusal) this.#refuse(args, refusal)
    else if (request?.phase === 'entry') void this.#enter(event, request, args, at)
    else if (state === 'connected') this.#queue(event, args, at)
    else if (state === 'initialized' && request?.phase === 'session') {
      this.#refuse(args, new SignalError('illegal_request'))
    } else this.#waitForLogin(event, args, at)
  }

  get #version(): Version {
    const { dialect, version } = this.#connection
    return dialect.versions[version] as Version
  }

  #refusalOf({ data, badRid }: Arguments, known: boolean): SignalError | undefined {
    if (!known) return new SignalError('unknown_event')
    if (badRid) return new SignalError('bad_request', 'rid should be a whole number above 0')
    const excess = excessOf(data, this.#services.maxMessageBytes)
    if (excess === 'too_large') return new SignalError('too_large')
    if (excess === 'too_deep') return new SignalError('bad_request', 'request is nested too deeply')
    return undefined
  }

  /** Login and relogin: one at a time, and only without a session. */
  async #enter(event: string, request: Served, args: Arguments, at: number): Promise<void> {
    const connection = this.#connection
    if (connection.state !== 'initialized') return this.#refuse(args, new SignalError('in_service'))
    connection.state = 'connecting'
    let session: Session
    try {
      const entered = await this.#handleEntry(request, args, at)
      session = entered.session
      connection.enter(session)
      this.#ack(args, entered.reply)
      this.#countEntry(event, 'ok', entered.from)
      this.#services.log.info({ dialect: connection.dialect.name, ...connection.about, from: entered.from }, event)
    } catch (error) {
      connection.state = 'initialized'
      this.#countEntry(event, error instanceof SignalError ? error.code : 'internal')
      this.#refuse(args, error)
      this.#early.refuseAll()
      // Redis was away for a moment: the client should come back by itself, which it does not after a disconnect
      if (error instanceof SignalError && error.code === 'unavailable') connection.cut()
      else connection.close()
      return
    }
    this.#settle()
    this.#early.serveAll()
    await session.board()
    if (event === 'relogin') this.#services.metrics.reloginSeconds.observe((Date.now() - at) / 1000)
  }

  #countEntry(event: string, result: string, from = 'none'): void {
    const { metrics } = this.#services
    const dialect = this.#connection.dialect.name
    if (event === 'relogin') metrics.relogins.inc({ dialect, result, from })
    else metrics.logins.inc({ dialect, result })
  }

  async #handleEntry(request: Served, args: Arguments, at: number): Promise<Entered<unknown>> {
    const asked = { connection: this.#connection, at } as Parameters<Served['handle']>[0]
    return (await request.handle(asked, request.check(args.data))) as Entered<unknown>
  }

  /** Without a session, what no version of the dialect would take is refused at once; the rest waits for one. */
  #waitForLogin(event: string, args: Arguments, at: number): void {
    // of those that know the event; the newest says what is wrong
    const versions = Object.values(this.#connection.dialect.versions).filter(({ requests }) => requests.has(event))
    const complaints = versions.map(({ requests }) => complaintOf(requests.get(event), args.data))
    const hopeless = complaints.every((complaint) => complaint !== undefined)
    if (hopeless) this.#refuse(args, complaints.at(-1))
    else {
      this.#early.wait(
        () => this.#queue(event, args, at),
        () => this.#refuse(args, new SignalError('illegal_request')),
      )
    }
  }

  #queue(event: string, args: Arguments, at: number): void {
    this.#turn = this.#turn.then(() => this.#serve(event, args, at))
  }

  async #serve(event: string, args: Arguments, at: number): Promise<void> {
    const connection = this.#connection
    const { session } = connection
    const request = this.#version.requests.get(event)
    if (!connection.open) return
    if (!request) return this.#refuse(args, new SignalError('unknown_event'))
    if (!session) return this.#refuse(args, new SignalError('illegal_request'))
    connection.hold()
    try {
      const payload = request.check(args.data)
      const { rid } = args
      const asked = { session, connection, at, ...(rid === undefined ? {} : { rid }) }
      const reply = await this.#services.sessions.once(session, rid, () => request.handle(asked, payload))
      this.#ack(args, reply)
      if (event === 'refreshReconnectionTicket') this.#settle()
      if (session.ended) connection.exit()
    } catch (error) {
      this.#refuse(args, error)
      if (error instanceof SignalError && error.code === 'moved') await this.#services.sessions.supersede(session)
    } finally {
      connection.release()
    }
  }

  /** Once the client is known to have its ticket, those before it are spent. */
  #settle(): void {
    const { session, socket } = this.#connection
    if (session) whenProven(socket, () => void this.#services.sessions.settle(session))
  }

  #ack({ ack }: Arguments, reply: unknown): void {
    if (reply === undefined) ack(this.#version.success)
    else ack(this.#version.success, reply)
  }

  #refuse({ ack }: Arguments, error: unknown): void {
    const refusal = error instanceof SignalError ? error : new SignalError('internal', '', { cause: error })
    const { log, metrics } = this.#services
    const { about: who, dialect } = this.#connection
    const about = { code: refusal.code, dialect: dialect.name, ...who }
    if (refusal.code === 'internal' || refusal.code === 'unavailable')
      log.error({ ...about, err: refusal }, 'request failed')
    else log.debug(about, 'request refused')
    metrics.refused.inc({ reason: refusal.code })
    ack('error', dialect.words[refusal.code](refusal.detail), { code: refusal.code })
  }

  async #lost(): Promise<void> {
    this.#early.refuseAll()
    const { session } = this.#connection
    if (session) await this.#services.sessions.detach(session)
  }
}

function complaintOf(request: Served | undefined, data: unknown[]): unknown {
  try {
    if (!request) return new SignalError('unknown_event')
    request.check(data)
    return undefined
  } catch (error) {
    return error
  }
}
