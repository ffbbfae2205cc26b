import type { Logger } from 'pino'
import { newDeadline, within } from '../core/deadline.ts'
import { SignalError } from '../core/errors.ts'
import type { Session } from '../core/session.ts'
import type { Sessions } from '../core/sessions.ts'
import type { Throttle } from '../core/throttle.ts'
import type { Metrics } from '../metrics.ts'
import type { Refusals } from '../refusals.ts'
import { Acks } from './acks.ts'
import { type Arguments, readArguments } from './arguments.ts'
import type { Connection } from './connection.ts'
import type { Served, Version } from './dialect.ts'
import { EarlyRequests } from './early.ts'
import { Entrance, type Entry } from './entrance.ts'
import type { TokenBucket } from './limits/token-bucket.ts'
import { excessOf } from './measure.ts'

export type GateServices = {
  sessions: Sessions
  metrics: Metrics
  refusals: Refusals
  log: Logger
  throttle: Throttle
  maxMessageBytes: number
}

/** How long an impatient request waits for a login, ms: as long as a client needs that sends its buffer before it. */
const impatience = 1000

/** One request that has arrived. */
type Incoming = Omit<Entry, 'request'>

/**
 * The one gate between a socket and the handlers: reads the arguments, checks, waits its turn, handles, acks, counts.
 * Every request gets exactly one ack, and a client's requests are served one after the other, in the order they came.
 * Each has a deadline, counted from its arrival: one that is still unserved then is refused as `unavailable`.
 */
export class Gate {
  readonly #connection: Connection
  readonly #services: GateServices
  readonly #acks: Acks
  readonly #early = new EarlyRequests()
  readonly #entrance: Entrance
  readonly #bucket: TokenBucket
  #turn: Promise<void> = Promise.resolve()

  /** @param bucket the client's, for all its namespaces */
  constructor(connection: Connection, services: GateServices, bucket: TokenBucket) {
    this.#connection = connection
    this.#services = services
    this.#acks = new Acks(connection, services)
    this.#entrance = new Entrance(connection, services, this.#acks, this.#early)
    this.#bucket = bucket
    connection.socket.onAny((event: string, ...args: unknown[]) => this.#receive(event, readArguments(args)))
    connection.socket.on('disconnect', () => {
      this.#early.refuseAll()
      this.#entrance.end()
    })
  }

  #receive(event: string, args: Arguments): void {
    const incoming: Incoming = { event, args, at: Date.now(), deadline: newDeadline() }
    const { dialect } = this.#connection
    const known = dialect.events.has(event)
    this.#services.metrics.countMessage(dialect.name, known ? event : 'unknown', 'in')
    const refusal = this.#bucket.take(incoming.at) ? this.#refusalOf(args, known) : new SignalError('too_many_requests')
    if (refusal) this.#turnAway(incoming, refusal)
    else this.#direct(incoming)
  }

  /** A login that is not even looked at has failed like any other, unless there were just too many requests. */
  #turnAway(incoming: Incoming, refusal: SignalError): void {
    const { event, args } = incoming
    const request = this.#version.requests.get(event)
    const isLogin = request?.phase === 'entry' && this.#connection.state === 'initialized'
    if (isLogin && refusal.code !== 'too_many_requests') this.#entrance.fail({ ...incoming, request }, refusal)
    else this.#acks.refuse(event, args, refusal)
  }

  /** To the entrance, into the queue, or to those who wait for a session. */
  #direct(incoming: Incoming): void {
    const { event, args } = incoming
    const request = this.#version.requests.get(event)
    const { state } = this.#connection
    const phase = request?.phase
    if (request && phase === 'entry') void this.#entrance.login({ ...incoming, request })
    else if (state === 'connected') this.#queue(incoming)
    else if (state === 'connecting' || phase === 'member' || phase === undefined) this.#waitForLogin(incoming)
    else if (phase === 'session') this.#acks.refuse(event, args, new SignalError('illegal_request'))
    else {
      if (phase === 'enter') this.#connection.state = 'connecting' // so that what follows waits for it
      this.#queue(incoming)
    }
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

  /** Without a session, what no version of the dialect would take is refused at once; the rest waits for one. */
  #waitForLogin(incoming: Incoming): void {
    const { event, args } = incoming
    // of those that know the event; the newest says what is wrong
    const versions = Object.values(this.#connection.dialect.versions).filter(({ requests }) => requests.has(event))
    const complaints = versions.map(({ requests }) => complaintOf(requests.get(event), args.data))
    const hopeless = complaints.every((complaint) => complaint !== undefined)
    if (hopeless) {
      this.#acks.refuse(event, args, complaints.at(-1))
      return
    }
    const { impatient = false } = this.#version.requests.get(event) ?? {}
    const soon = impatient && this.#connection.state === 'initialized'
    this.#early.wait(
      () => this.#queue({ ...incoming, deadline: Math.max(incoming.deadline, this.#entrance.deadline) }),
      (full) => this.#unserved(incoming, soon, full),
      soon ? impatience : undefined,
    )
  }

  /** The session that a request waited for has not come. */
  #unserved(incoming: Incoming, soon: boolean, full = false): void {
    const { event, args } = incoming
    const { phase, impatient } = this.#version.requests.get(event) ?? {}
    const { state, open } = this.#connection
    const needsNone = phase === 'open' || phase === 'enter'
    // not for want of a login after all: one has come, and is being answered
    if (open && (needsNone || (soon && state === 'connecting'))) this.#direct(incoming)
    else {
      this.#acks.refuse(event, args, new SignalError('illegal_request'), full ? 'too_many_early' : undefined)
      if (impatient) this.#connection.close()
    }
  }

  /** Deadlines rise in the order of the queue, and no turn lasts beyond its own: so no request waits beyond its own. */
  #queue(incoming: Incoming): void {
    this.#turn = this.#turn.then(() => this.#serve(incoming))
  }

  async #serve(incoming: Incoming): Promise<void> {
    const { event, args } = incoming
    const connection = this.#connection
    const request = this.#version.requests.get(event)
    if (!connection.open) return
    if (!request) return this.#acks.refuse(event, args, new SignalError('unknown_event'))
    if (request.phase === 'enter') return this.#entrance.enter({ ...incoming, request })
    if (!connection.session && request.phase !== 'open') {
      return this.#acks.refuse(event, args, new SignalError('illegal_request'))
    }
    connection.hold()
    try {
      await this.#handle({ ...incoming, request })
    } finally {
      connection.release()
    }
  }

  async #handle(entry: Entry): Promise<void> {
    const { event, args } = entry
    const { session } = this.#connection
    try {
      this.#acks.accept(event, args, await within(entry.deadline, () => this.#perform(entry, session)))
      if (event === 'refreshReconnectionTicket') this.#entrance.settle()
    } catch (error) {
      this.#acks.refuse(event, args, error)
      const moved = error instanceof SignalError && error.code === 'moved'
      if (moved && session) await this.#services.sessions.supersede(session)
    }
  }

  async #perform({ request, args, at, deadline }: Entry, session: Session | undefined): Promise<unknown> {
    const connection = this.#connection
    const { rid } = args
    const payload = request.check(args.data)
    const asked = { connection, at, deadline, ...(session ? { session } : {}), ...(rid === undefined ? {} : { rid }) }
    const perform = () => request.handle(asked, payload)
    const reply = session ? await this.#services.sessions.once(session, rid, perform) : await perform()
    if (session?.ended && connection.session === session) connection.exit()
    return reply
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
