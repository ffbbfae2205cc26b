import { randomBytes } from 'node:crypto'
import type { Server as HttpServer, IncomingMessage } from 'node:http'
import { createAdapter } from '@socket.io/redis-adapter'
import type { Socket as EngineSocket } from 'engine.io'
import { Server, type Socket } from 'socket.io'
import { SignalError } from '../core/errors.ts'
import { Connection } from './connection.ts'
import type { ServedDialect } from './dialect.ts'
import { roomOfPlace } from './ephemeral.ts'
import { Gate, type GateServices } from './gate.ts'
import { addressReader, type TrustProxy } from './limits/address.ts'
import { Admission, type AdmissionLimits } from './limits/admission.ts'
import { Backlog } from './limits/backlog.ts'

export type IoConfig = AdmissionLimits & {
  nodeId: string
  pingInterval: number
  pingTimeout: number
  maxMessageBytes: number
  maxBufferedBytes: number
  trustProxy?: TrustProxy
}

/** The two connections of the ephemeral lane; without them there is one node. */
export type AdapterClients = { pub: unknown; sub: unknown; key: string }

/** A client that never logs in is let go after this long, as OWT does (facts/owt.md 1.2). */
const idleMs = 180_000

/** Socket.IO, as far as all dialects share it: protocols 4 and 5, one namespace for each dialect, all on one port. */
export class Transport {
  readonly io: Server
  readonly connections = new Set<Connection>()
  readonly #services: GateServices
  readonly #admission: Admission
  readonly #addressOf: (request: IncomingMessage) => string
  /** One for each client, however many namespaces it speaks on. */
  readonly #backlogs = new WeakMap<EngineSocket, Backlog>()

  constructor(http: HttpServer, config: IoConfig, services: GateServices, adapter?: AdapterClients) {
    this.#services = services
    this.#addressOf = addressReader(config.trustProxy)
    this.#admission = new Admission(config, this.#addressOf)
    this.io = new Server(http, {
      allowEIO3: true,
      pingInterval: config.pingInterval * 1000,
      pingTimeout: config.pingTimeout * 1000,
      // what is larger than one message may be is refused with an ack; only far beyond is the connection closed
      maxHttpBufferSize: Math.max(config.maxMessageBytes * 4, 4 * 1024 * 1024),
      cors: { origin: config.corsOrigins.includes('*') ? true : config.corsOrigins, credentials: true },
      serveClient: true,
      allowRequest: (request, decide) => {
        const reason = this.#refusalOf(request)
        decide(reason ?? null, reason === undefined)
      },
      ...(adapter ? { adapter: createAdapter(adapter.pub, adapter.sub, { key: adapter.key }) } : {}),
    })
    // names its node, so that a client can say where it is, also behind a balancer
    this.io.engine.generateId = () => `${config.nodeId}.${randomBytes(15).toString('base64url')}`
    this.io.engine.on('connection', (engine: EngineSocket) => this.#meet(engine, config.maxBufferedBytes))
  }

  get draining(): boolean {
    return this.#admission.draining
  }

  /** From now on nobody is let in any more. */
  refuseAll(): void {
    this.#admission.draining = true
  }

  /** Opens a dialect's namespace. */
  serve(dialect: ServedDialect): void {
    const namespace = this.io.of(dialect.namespace)
    if (dialect.admit) namespace.use((socket, next) => void this.#admit(socket, dialect).then(next))
    namespace.on('connection', (socket) => this.#accept(socket, dialect))
  }

  /** Why a client may not connect: what `connect_error` tells it, with `data.code`. */
  async #admit(socket: Socket, { admit, words }: ServedDialect): Promise<Error | undefined> {
    try {
      await admit?.(socket)
      return undefined
    } catch (error) {
      const { code, detail } = error instanceof SignalError ? error : new SignalError('internal')
      this.#services.metrics.refused.inc({ reason: code })
      if (code === 'internal') this.#services.log.error({ err: error }, 'a client could not be admitted')
      return Object.assign(new Error(words[code](detail)), { data: { code } })
    }
  }

  #accept(socket: Socket, dialect: ServedDialect): void {
    const { metrics, log } = this.#services
    const name = dialect.name
    const connection = new Connection(socket, dialect, {
      address: this.#addressOf(socket.request),
      drained: () => this.#backlogs.get(socket.conn as unknown as EngineSocket)?.drained(),
      entered: ({ place }) => void socket.join(roomOfPlace(place)),
      left: ({ place }) => void socket.leave(roomOfPlace(place)),
      delivered: (event, entry, live) => {
        metrics.countMessage(name, event, 'out')
        if (live) metrics.messageSeconds.observe(Math.max(0, Date.now() - entry.at) / 1000)
      },
    })
    new Gate(connection, this.#services)
    this.connections.add(connection)
    const idle = setTimeout(() => {
      if (dialect.lobby || connection.state !== 'initialized') return
      metrics.refused.inc({ reason: 'idle' })
      connection.close()
    }, idleMs).unref()
    socket.on('disconnect', (reason) => {
      clearTimeout(idle)
      this.connections.delete(connection)
      log.debug({ dialect: name, reason, ...connection.about }, 'disconnected')
    })
    log.debug({ dialect: name, transport: socket.conn.transport.name }, 'connected')
  }

  #refusalOf(request: IncomingMessage): string | undefined {
    const reason = this.#admission.refusalOf(request)
    if (reason === undefined) return undefined
    this.#services.metrics.refused.inc({ reason })
    this.#services.log.info({ reason, address: this.#addressOf(request) }, 'connection refused')
    return reason
  }

  #meet(engine: EngineSocket, maxBufferedBytes: number): void {
    const { metrics, log } = this.#services
    engine.once('close', this.#admission.enter(engine.request as IncomingMessage))
    const backlog = new Backlog(engine, maxBufferedBytes, () => {
      metrics.refused.inc({ reason: 'slow_reader' })
      log.info({ reason: 'slow_reader', bytes: backlog.bytes }, 'connection closed')
    })
    this.#backlogs.set(engine, backlog)
  }
}
