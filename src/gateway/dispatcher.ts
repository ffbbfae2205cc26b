import { guarded, inBackground } from '../core/background.ts'
import { beforeDeadline, newDeadline } from '../core/deadline.ts'
import { SignalError } from '../core/errors.ts'
import type { Session } from '../core/session/session.ts'
import { Acks } from './acks.ts'
import { type Arguments, readArguments } from './arguments.ts'
import type { ClientConnection } from './client.ts'
import type { Connection } from './connection.ts'
import { type EarlyRefusal, EarlyRequests } from './early-requests.ts'
import { LoginFlow, type LoginRequest } from './login-flow.ts'
import { type Excess, measure } from './payload-limits.ts'
import { SerialQueue } from './request-queue.ts'
import type { ServedDialect, ServedRequest, Version } from './requests.ts'
import type { GatewayServices } from './services.ts'

/** How long an impatient request waits for a login, ms: as long as a client needs that sends its buffer before it. */
const impatientLoginWaitMs = 1000

/** One request that has arrived. */
type Incoming = Omit<LoginRequest, 'request'>

/**
 * The one gate between a socket and the handlers: reads the arguments, checks, waits its turn, handles, acks, counts.
 * Every request gets exactly one ack, and a client's requests are served one after the other, in the order they came.
 * Each has a deadline, counted from its arrival: one that is still unserved then is refused as `unavailable`.
 */
export class Dispatcher {
  readonly #connection: Connection
  readonly #dialect: ServedDialect
  readonly #services: GatewayServices
  readonly #acks: Acks
  readonly #early = new EarlyRequests()
  readonly #loginFlow: LoginFlow
  readonly #client: ClientConnection
  /** Deadlines rise in the order of the queue, and no turn lasts beyond its own: so no request waits beyond its own. */
  readonly #queue = new SerialQueue<Incoming>(
    (incoming) => this.#serve(incoming),
    (error, incoming) => this.#fail(error, incoming),
  )

  /** @param guest the client, for all its namespaces */
  constructor(connection: Connection, dialect: ServedDialect, services: GatewayServices, client: ClientConnection) {
    this.#connection = connection
    this.#dialect = dialect
    this.#services = services
    this.#acks = new Acks(connection, services)
    this.#loginFlow = new LoginFlow(connection, services, this.#acks, this.#early)
    this.#client = client
    const relieved = client.requests.onShed(() => this.#refuseWaiting())
    connection.socket.onAny((event: string, ...args: unknown[]) => this.#arrived(event, args))
    const end = () => {
      relieved()
      this.#early.refuseAll()
      for (const { release } of this.#queue.take()) release()
      this.#loginFlow.end()
    }
    connection.socket.on(
      'disconnect',
      guarded(end, (error) => this.#services.log.error({ err: error }, 'a connection did not end well')),
    )
  }

  #arrived(event: string, args: unknown[]): void {
    const incoming: Incoming = { event, args: readArguments(args), deadline: newDeadline(), release: () => {} }
    inBackground(
      () => this.#receive(incoming),
      (error) => this.#fail(error, incoming),
    )
  }

  /**
   * A request whose serving failed in a way that was not foreseen. How far it came is not known, so that the connection is
   * cut after the ack: a new one begins in a known state.
   */
  #fail(error: unknown, { event, args, release }: Incoming): void {
    try {
      this.#acks.refuse(event, args, new SignalError('internal', '', { cause: error }))
    } finally {
      release()
      this.#connection.cut()
    }
  }

  #receive(incoming: Incoming): void {
    const { event, args } = incoming
    const dialect = this.#dialect
    const known = dialect.events.has(event)
    this.#services.metrics.countMessage(dialect.name, known ? event : 'unknown', 'in')
    const { heapBytes, excess } = measure(args.data, this.#services.maxMessageBytes)
    const taken = this.#client.bucket.take(performance.now())
    const refusal = taken ? this.#refusalOf(args, known, excess) : new SignalError('too_many_requests')
    if (refusal) this.#refuseUnhandled(incoming, refusal)
    else this.#hold(incoming, heapBytes)
  }

  /** Counts the request in its client's budget until it has its ack. */
  #hold(incoming: Incoming, heapBytes: number): void {
    const { event, args } = incoming
    const release = this.#client.holdRequest(heapBytes)
    if (release) this.#direct({ ...incoming, args: releasing(args, release), release })
    else this.#acks.refuse(event, args, new SignalError('too_many_requests'), 'client_memory')
  }

  /** A login that is not even looked at has failed like any other, unless there were just too many requests. */
  #refuseUnhandled(incoming: Incoming, refusal: SignalError): void {
    const { event, args } = incoming
    const request = this.#version.requests.get(event)
    const isLogin = request?.phase === 'login' && this.#connection.state === 'initialized'
    if (isLogin && refusal.code !== 'too_many_requests') this.#loginFlow.fail({ ...incoming, request }, refusal)
    else this.#acks.refuse(event, args, refusal)
  }

  /** To the entrance, into the queue, or to those who wait for a session. */
  #direct(incoming: Incoming): void {
    const { event, args } = incoming
    const request = this.#version.requests.get(event)
    const { state } = this.#connection
    const phase = request?.phase
    if (request && phase === 'login') this.#login({ ...incoming, request })
    else if (state === 'connected') this.#queue.push(incoming)
    else if (state === 'connecting' || phase === 'in_room' || phase === undefined) this.#waitForLogin(incoming)
    else if (phase === 'session') this.#acks.refuse(event, args, new SignalError('illegal_request'))
    else if (phase === 'any' && this.#connection.restriction) this.#waitForLogin(incoming)
    else {
      if (phase === 'join') this.#connection.state = 'connecting' // so that what follows waits for it
      this.#queue.push(incoming)
    }
  }

  #login(entry: LoginRequest): void {
    inBackground(
      () => this.#loginFlow.login(entry),
      (error) => this.#fail(error, entry),
    )
  }

  get #version(): Version {
    return this.#dialect.versions[this.#connection.version] as Version
  }

  #refusalOf({ badRid }: Arguments, known: boolean, excess: Excess): SignalError | undefined {
    if (!known) return new SignalError('unknown_event')
    if (badRid) return new SignalError('bad_request', 'rid should be a whole number above 0')
    if (excess === 'too_large') return new SignalError('too_large')
    if (excess === 'too_deep') return new SignalError('bad_request', 'request is nested too deeply')
    if (excess === 'binary')
      return new SignalError('bad_request', 'request contains binary data: send text, such as base64')
    return undefined
  }

  /** Without a session, what no version of the dialect would take is refused at once; the rest waits for one. */
  #waitForLogin(incoming: Incoming): void {
    const { event, args } = incoming
    // of those that know the event; the newest says what is wrong
    const versions = Object.values(this.#dialect.versions).filter(({ requests }) => requests.has(event))
    const complaints = versions.map(({ requests }) => payloadErrorOf(requests.get(event), args.data))
    const hopeless = complaints.every((complaint) => complaint !== undefined)
    if (hopeless) {
      this.#acks.refuse(event, args, complaints.at(-1))
      return
    }
    const { impatient = false, phase } = this.#version.requests.get(event) ?? {}
    const soon = (impatient || phase === 'any') && this.#connection.state === 'initialized'
    this.#early.wait(
      () => this.#queue.push({ ...incoming, deadline: Math.max(incoming.deadline, this.#loginFlow.deadline) }),
      (why) => this.#unserved(incoming, soon, why),
      soon ? impatientLoginWaitMs : undefined,
    )
  }

  /** The session that a request waited for has not come. */
  #unserved(incoming: Incoming, soon: boolean, why?: EarlyRefusal): void {
    const { event, args } = incoming
    const { phase, impatient } = this.#version.requests.get(event) ?? {}
    const { state, open, restriction } = this.#connection
    const needsNone = phase === 'any' || phase === 'join'
    // not for want of a login after all: one has come, and is being answered
    if (why === 'node_memory') this.#acks.refuse(event, args, new SignalError('too_many_requests'), why)
    else if (phase === 'any' && restriction && state === 'initialized') this.#forbid(incoming, restriction)
    // one that there is no room for would be refused again at once, without end
    else if (why !== 'too_many_early' && open && (needsNone || (soon && state === 'connecting'))) this.#direct(incoming)
    else {
      this.#acks.refuse(event, args, new SignalError('illegal_request'), why)
      if (impatient) this.#connection.close()
    }
  }

  /** The client may only resume, and has not done so: it is told what is wrong with its token. */
  #forbid(incoming: Incoming, restriction: SignalError): void {
    inBackground(
      async () => {
        await this.#loginFlow.discourage(restriction, incoming)
        this.#acks.refuse(incoming.event, incoming.args, restriction)
      },
      (error) => this.#fail(error, incoming),
    )
  }

  /** The node needs the memory for others. The request that is being served goes on. */
  #refuseWaiting(): void {
    this.#early.refuseAll('node_memory')
    for (const { event, args } of this.#queue.take()) {
      this.#acks.refuse(event, args, new SignalError('too_many_requests'), 'node_memory')
    }
  }

  async #serve(incoming: Incoming): Promise<void> {
    const { event, args, release } = incoming
    const connection = this.#connection
    const request = this.#version.requests.get(event)
    if (!connection.open) return release()
    if (!request) return this.#acks.refuse(event, args, new SignalError('unknown_event'))
    if (request.phase === 'join') return this.#loginFlow.enter({ ...incoming, request })
    if (!connection.session && request.phase !== 'any') {
      return this.#acks.refuse(event, args, new SignalError('illegal_request'))
    }
    connection.hold()
    try {
      await this.#handle({ ...incoming, request })
    } finally {
      connection.release()
    }
  }

  async #handle(entry: LoginRequest): Promise<void> {
    const { event, args } = entry
    const { session } = this.#connection
    try {
      this.#acks.accept(event, args, await beforeDeadline(entry.deadline, () => this.#perform(entry, session)))
      if (entry.request.issuesTicket) this.#loginFlow.settle()
    } catch (error) {
      this.#acks.refuse(event, args, error)
      const moved = error instanceof SignalError && error.code === 'moved'
      if (moved && session) await this.#services.sessions.closer.supersede(session)
    }
  }

  async #perform({ request, args, deadline }: LoginRequest, session: Session | undefined): Promise<unknown> {
    const connection = this.#connection
    const { rid } = args
    const payload = request.check(args.data)
    const context = { connection, deadline, ...(session ? { session } : {}), ...(rid === undefined ? {} : { rid }) }
    const perform = () => request.handle(context, payload)
    const reply = session ? await this.#services.sessions.runOnce(session, rid, perform) : await perform()
    if (session?.ended && connection.session === session) connection.exit()
    return reply
  }
}

/** With an ack that also ends what is counted for the request. */
function releasing(args: Arguments, release: () => void): Arguments {
  const ack: Arguments['ack'] = (...answer) => {
    release()
    args.ack(...answer)
  }
  return { ...args, ack }
}

function payloadErrorOf(request: ServedRequest | undefined, data: unknown[]): unknown {
  try {
    if (!request) return new SignalError('unknown_event')
    request.check(data)
    return undefined
  } catch (error) {
    return error
  }
}
