import type { Server as HttpServer } from 'node:http'
import { createAdapter } from '@socket.io/redis-adapter'
import { Server, type Socket } from 'socket.io'
import { SignalError } from '../core/errors.ts'
import { Connection } from './connection.ts'
import type { ServedDialect } from './dialect.ts'
import { roomOfPlace } from './ephemeral.ts'
import { Gate, type GateServices } from './gate.ts'

export type IoConfig = {
  pingInterval: number
  pingTimeout: number
  maxMessageBytes: number
  corsOrigins: string[]
}

/** The two connections of the ephemeral lane; without them there is one node. */
export type AdapterClients = { pub: unknown; sub: unknown; key: string }

/** A client that never logs in is let go after this long, as OWT does (facts/owt.md 1.2). */
const idleMs = 180_000

/** Socket.IO, as far as all dialects share it: protocols 4 and 5, one namespace for each dialect, all on one port. */
export class Transport {
  readonly io: Server
  readonly connections = new Set<Connection>()
  draining = false
  readonly #services: GateServices

  constructor(http: HttpServer, config: IoConfig, services: GateServices, adapter?: AdapterClients) {
    this.#services = services
    this.io = new Server(http, {
      allowEIO3: true,
      pingInterval: config.pingInterval * 1000,
      pingTimeout: config.pingTimeout * 1000,
      // what is larger than one message may be is refused with an ack; only far beyond is the connection closed
      maxHttpBufferSize: Math.max(config.maxMessageBytes * 4, 4 * 1024 * 1024),
      cors: { origin: config.corsOrigins.includes('*') ? true : config.corsOrigins, credentials: true },
      serveClient: true,
      allowRequest: (_request, decide) => decide(this.#refusal(), !this.draining),
      ...(adapter ? { adapter: createAdapter(adapter.pub, adapter.sub, { key: adapter.key }) } : {}),
    })
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

  #refusal(): string | null {
    if (!this.draining) return null
    this.#services.metrics.refused.inc({ reason: 'draining' })
    return 'draining'
  }
}
