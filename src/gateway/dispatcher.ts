import { guarded, inBackground } from '../core/background.ts'
import { SignalError } from '../core/errors.ts'
import { Acks } from './acks.ts'
import type { Client } from './client.ts'
import type { Connection } from './connection.ts'
import { type EarlyRefusal, EarlyRequests } from './early-requests.ts'
import { HandlerRunner } from './handler-runner.ts'
import {
  freedByAck,
  type IncomingEvent,
  type IncomingRequest,
  payloadErrorOf,
  readIncoming,
  refusalOf,
} from './incoming.ts'
import { measure } from './limits/payload-limits.ts'
import { LoginFlow } from './login-flow.ts'
import type { RequestTable, ServedDialect } from './requests.ts'
import { SerialQueue } from './serial-queue.ts'
import type { GatewayServices } from './services.ts'

/** How long an impatient request waits for a login, ms. Some clients flush their send buffer just before they log in. */
const impatientLoginWaitMs = 1000

/**
 * The only way from a socket to the handlers: reads the arguments, checks limits and schema, waits for a login if necessary,
 * runs the handler, acks and counts. Each request gets exactly one ack. A login runs at once, or is refused as `in_service`. The other
 * requests of a connection run one after the other, in the order of their arrival. Each request has a deadline from its arrival; if it
 * has not finished by then, it is refused as `unavailable`.
 */
export class Dispatcher {
  readonly #connection: Connection
  readonly #dialect: ServedDialect
  readonly #services: GatewayServices
  readonly #acks: Acks
  readonly #early = new EarlyRequests()
  readonly #loginFlow: LoginFlow
  readonly #runner: HandlerRunner
  readonly #client: Client
  /** Deadlines rise in the order of the queue and no request runs beyond its own deadline, so no request waits beyond its own deadline. */
  readonly #queue = new SerialQueue<IncomingEvent>(
    (incoming) => this.#serve(incoming),
    (error, incoming) => this.#fail(error, incoming),
  )

  /** @param client the connection's client, for all its namespaces */
  constructor(connection: Connection, dialect: ServedDialect, services: GatewayServices, client: Client) {
    this.#connection = connection
    this.#dialect = dialect
    this.#services = services
    this.#client = client
    this.#acks = new Acks(connection, services)
    this.#loginFlow = new LoginFlow(connection, services, this.#acks, this.#early)
    this.#runner = new HandlerRunner(connection, services, this.#acks, this.#loginFlow)
    const removeShedListener = client.requests.onShed(() => this.#refuseWaiting())
    connection.socket.onAny((event: string, ...args: unknown[]) => this.#onEvent(event, args))
    const end = () => {
      removeShedListener()
      this.#early.refuseAll()
      for (const { free } of this.#queue.take()) free()
      this.#loginFlow.end()
    }
    connection.socket.on(
      'disconnect',
      guarded(end, (error) =>
        services.log.error({ err: error }, 'the requests of a lost connection could not be ended'),
      ),
    )
  }

  #onEvent(event: string, args: unknown[]): void {
    const incoming = readIncoming(event, args)
    inBackground(
      () => this.#receive(incoming),
      (error) => this.#fail(error, incoming),
    )
  }

  /**
   * A request failed unexpectedly. The node does not know what it has done, so it cuts the connection after the ack: the next
   * connection of the client begins in a known state.
   */
  #fail(error: unknown, { event, args, free }: IncomingEvent): void {
    try {
      this.#acks.refuse(event, args, new SignalError('internal', '', { cause: error }))
    } finally {
      free()
      this.#connection.cut()
    }
  }

  #receive(incoming: IncomingEvent): void {
    const { event, args } = incoming
    const { name, events } = this.#dialect
    const isKnown = events.has(event)
    this.#services.metrics.countMessage(name, isKnown ? event : 'unknown', 'in')
    const { heapBytes, excess } = measure(args.data, this.#services.maxMessageBytes)
    const withinRate = this.#client.bucket.take(performance.now())
    const refusal = withinRate ? refusalOf(args, isKnown, excess) : new SignalError('too_many_requests')
    if (refusal) this.#refuseUnhandled(incoming, refusal)
    else this.#reserve(incoming, heapBytes)
  }

  /** Reserves memory for the request in its client's budget until its ack is sent. */
  #reserve(incoming: IncomingEvent, heapBytes: number): void {
    const free = this.#client.reserve(heapBytes)
    if (free) this.#route(freedByAck(incoming, free))
    else this.#acks.refuse(incoming.event, incoming.args, new SignalError('too_many_requests'), 'client_memory')
  }

  /** If the dispatcher refuses a login before its handler, the node ends the connection, unless the reason is the rate limit. */
  #refuseUnhandled(incoming: IncomingEvent, refusal: SignalError): void {
    const { event, args } = incoming
    const request = this.#requests.get(event)
    const isLogin = request?.phase === 'login' && this.#connection.state === 'initialized'
    if (isLogin && refusal.code !== 'too_many_requests') this.#loginFlow.fail({ ...incoming, request }, refusal)
    else this.#acks.refuse(event, args, refusal)
  }

  /** Passes a request to the login flow, to the queue, or to the requests that wait for a session. */
  #route(incoming: IncomingEvent): void {
    const { event, args } = incoming
    const request = this.#requests.get(event)
    const { state, restriction } = this.#connection
    const phase = request?.phase
    if (request && phase === 'login') this.#login({ ...incoming, request })
    else if (state === 'connected') this.#queue.push(incoming)
    else if (state === 'connecting' || phase === 'awaits_session' || phase === undefined) this.#waitForLogin(incoming)
    else if (phase === 'needs_session') this.#acks.refuse(event, args, new SignalError('illegal_request'))
    else if (phase === 'any' && restriction) this.#waitForLogin(incoming)
    else {
      if (phase === 'switch_room') this.#connection.state = 'connecting' // so that the next requests wait for it
      this.#queue.push(incoming)
    }
  }

  #login(incoming: IncomingRequest): void {
    inBackground(
      () => this.#loginFlow.login(incoming),
      (error) => this.#fail(error, incoming),
    )
  }

  get #requests(): RequestTable {
    return this.#dialect.versions[this.#connection.version]?.requests as RequestTable
  }

  /** Refuses at once a request that no version of the dialect accepts. Others wait for a session. */
  #waitForLogin(incoming: IncomingEvent): void {
    const { event, args } = incoming
    const versions = Object.values(this.#dialect.versions).filter(({ requests }) => requests.has(event))
    const errors = versions.map(({ requests }) => payloadErrorOf(requests.get(event), args.data))
    if (errors.every((error) => error !== undefined)) {
      this.#acks.refuse(event, args, errors.at(-1)) // the error of the newest version
      return
    }
    const { impatient = false, phase } = this.#requests.get(event) ?? {}
    const waitsBriefly = (impatient || phase === 'any') && this.#connection.state === 'initialized'
    this.#early.wait(
      () => this.#queue.push({ ...incoming, deadline: Math.max(incoming.deadline, this.#loginFlow.deadline) }),
      (reason) => this.#onLoginMissing(incoming, waitsBriefly, reason),
      waitsBriefly ? impatientLoginWaitMs : undefined,
    )
  }

  /** The session that a request waited for has not come. @param waitsBriefly whether the request waited the short time only */
  #onLoginMissing(incoming: IncomingEvent, waitsBriefly: boolean, reason?: EarlyRefusal): void {
    const { event, args } = incoming
    const { phase, impatient } = this.#requests.get(event) ?? {}
    const { state, open, restriction } = this.#connection
    const needsNoSession = phase === 'any' || phase === 'switch_room'
    const loginHasBegun = waitsBriefly && state === 'connecting'
    if (reason === 'node_memory') this.#acks.refuse(event, args, new SignalError('too_many_requests'), reason)
    else if (phase === 'any' && restriction && state === 'initialized') this.#refuseRestricted(incoming, restriction)
    // with `too_many_early` the request would be refused again at once, without end
    else if (reason !== 'too_many_early' && open && (needsNoSession || loginHasBegun)) this.#route(incoming)
    else {
      this.#acks.refuse(event, args, new SignalError('illegal_request'), reason)
      if (impatient) this.#connection.close()
    }
  }

  /** The client may only resume and has not done so: the ack has the error of its token. */
  #refuseRestricted(incoming: IncomingEvent, restriction: SignalError): void {
    inBackground(
      async () => {
        await this.#loginFlow.delayIfGuessing(restriction, incoming)
        this.#acks.refuse(incoming.event, incoming.args, restriction)
      },
      (error) => this.#fail(error, incoming),
    )
  }

  /** The node needs the memory of this client. The running request continues; all waiting requests are refused. */
  #refuseWaiting(): void {
    this.#early.refuseAll('node_memory')
    for (const { event, args } of this.#queue.take()) {
      this.#acks.refuse(event, args, new SignalError('too_many_requests'), 'node_memory')
    }
  }

  async #serve(incoming: IncomingEvent): Promise<void> {
    const { event, args, free } = incoming
    const request = this.#requests.get(event)
    if (!this.#connection.open) free()
    else if (!request) this.#acks.refuse(event, args, new SignalError('unknown_event'))
    else if (request.phase === 'switch_room') await this.#loginFlow.switchRoom({ ...incoming, request })
    else await this.#runner.run({ ...incoming, request })
  }
}
