import type { Server as HttpServer, IncomingMessage } from 'node:http'
import { createAdapter } from '@socket.io/redis-adapter'
import type { Socket as EngineSocket } from 'engine.io'
import { Server, type ServerOptions } from 'socket.io'
import type { Keyring } from '../core/auth/keyring.ts'
import type { NodeInfo } from '../core/ports/node-registry.ts'
import { type ClientLimits, minBudgetMessages } from './client.ts'
import { Clients } from './clients.ts'
import type { Connection } from './connection.ts'
import { Admission, type AdmissionLimits } from './handshake/admission.ts'
import { addressReader, type TrustProxy, trustFunction } from './handshake/client-address.ts'
import { Handshake, type HandshakeError } from './handshake/handshake.ts'
import { boundedParser } from './limits/bounded-parser.ts'
import { NodeMemoryBudget } from './limits/memory-budget.ts'
import { limitedWebSocketServer } from './limits/web-sockets.ts'
import { Namespace } from './namespace.ts'
import { newConnectionId } from './proxy/connection-id.ts'
import { NodeProxy } from './proxy/node-proxy.ts'
import type { ServedDialect } from './requests.ts'
import type { GatewayServices } from './services.ts'

export type GatewayConfig = AdmissionLimits &
  ClientLimits & {
    /** The id under which the node is registered. */
    node: string
    keys: Keyring
    /** Seconds. */
    pingInterval: number
    /** Seconds. */
    pingTimeout: number
    maxBufferedBytesTotal: number
    trustProxy?: TrustProxy
  }

/** The two Redis connections of Socket.IO's adapter with their key, and the live nodes. A single node has none of them. */
export type AdapterConnections = { pub: unknown; sub: unknown; key: string; nodes: () => Promise<NodeInfo[]> }

/** The smallest limit of an Engine.IO packet, bytes. */
const minHttpBufferBytes = 4 * 1024 * 1024

/** Socket.IO for all dialects: Engine.IO protocols 3 and 4, one namespace for each dialect, all on one port. */
export class Gateway {
  readonly io: Server
  readonly connections = new Set<Connection>()
  /** The memory that the node holds for clients, and that other listeners hold for their requests. */
  readonly memory: NodeMemoryBudget
  readonly #services: GatewayServices
  readonly #admission: Admission
  readonly #clients: Clients
  readonly #addressOf: (request: IncomingMessage) => string
  readonly #nodeProxy: NodeProxy | undefined

  constructor(http: HttpServer, config: GatewayConfig, services: GatewayServices, cluster?: AdapterConnections) {
    this.#services = services
    this.memory = new NodeMemoryBudget(config.maxBufferedBytesTotal, minBudgetMessages * config.maxMessageBytes)
    const trusts = trustFunction(config.trustProxy)
    const readAddress = addressReader(trusts)
    const addressOf = (request: IncomingMessage) => this.#nodeProxy?.signedAddress(request) ?? readAddress(request)
    this.#addressOf = addressOf
    this.#admission = new Admission(config, services.lifecycle, addressOf, trusts)
    this.#clients = new Clients({ limits: config, memory: this.memory, refusals: services.refusals, addressOf })
    const handshake = new Handshake({
      admission: this.#admission,
      refusals: services.refusals,
      addressOf,
      isLogged: (request) => this.#nodeProxy?.hasFailed(request) ?? false,
      path: () => this.path,
    })
    this.io = new Server(http, {
      ...optionsOf(config),
      wsEngine: this.#webSocketServer(config),
      allowRequest: handshake.decide,
      ...(cluster ? { adapter: createAdapter(cluster.pub, cluster.sub, { key: cluster.key }) } : {}),
    })
    const { engine } = this.io
    // the id names its node, so that a client and every other node know where its connection is
    engine.generateId = () => newConnectionId(config.node)
    // the proxy runs after CORS, which every node answers alike, and before the middleware for connections of this node
    this.#nodeProxy = cluster && this.#createProxy(config, cluster)
    if (this.#nodeProxy) engine.use(this.#nodeProxy.middleware)
    engine.use(this.#clients.middleware)
    http.on('upgrade', (request: IncomingMessage) => handshake.refuseOtherPath(request))
    engine.on('connection', (socket: EngineSocket) => {
      socket.once('close', this.#admission.count(socket.request as IncomingMessage))
      this.#clients.add(socket)
    })
    engine.on('connection_error', (error: HandshakeError) => handshake.onError(error))
  }

  /** The path of Socket.IO, with the slash at its end. */
  get path(): string {
    return `${this.io.path()}/`
  }

  /** The number of clients; a client on several namespaces counts once. */
  get clientCount(): number {
    return this.#admission.open
  }

  /** How many requests and WebSockets this node is forwarding to other nodes. */
  get forwardedCounts(): NodeProxy['openCounts'] {
    return this.#nodeProxy?.openCounts ?? { polling: 0, websocket: 0 }
  }

  /** The WebSockets that this node is forwarding to other nodes. */
  get tunnels(): NodeProxy['tunnels'] {
    return this.#nodeProxy?.tunnels ?? []
  }

  async close(): Promise<void> {
    this.#nodeProxy?.close()
    await this.io.close()
    this.memory.close()
  }

  /** Refuses new clients with 503 while `cutOff` returns true. */
  refuseWhile(cutOff: () => boolean): void {
    this.#admission.cutOff = cutOff
  }

  /** Opens the namespace of a dialect. */
  serve(dialect: ServedDialect): void {
    const deps = {
      services: this.#services,
      clients: this.#clients,
      connections: this.connections,
      addressOf: this.#addressOf,
    }
    new Namespace(dialect, deps).open(this.io)
  }

  #webSocketServer(config: GatewayConfig): ServerOptions['wsEngine'] {
    return limitedWebSocketServer(
      config,
      (reason, request, message) =>
        this.#services.refusals.note(reason, { address: this.#addressOf(request) }, message),
      { memory: this.memory, mayUpgrade: (sid) => this.#clients.mayUpgrade(sid) },
    )
  }

  #createProxy(config: GatewayConfig, { nodes }: AdapterConnections): NodeProxy {
    const { metrics, refusals, log } = this.#services
    return new NodeProxy({
      node: config.node,
      keys: config.keys,
      nodes,
      maxSilenceMs: (config.pingInterval + config.pingTimeout) * 1000,
      maxOpen: config.maxConnections,
      addressOf: this.#addressOf,
      memory: this.memory,
      metrics,
      refusals,
      failed: (error) => log.warn({ err: error }, 'the list of nodes could not be read'),
    })
  }
}

function optionsOf(config: GatewayConfig): Partial<ServerOptions> {
  return {
    allowEIO3: true,
    parser: boundedParser(config.maxMessageBytes),
    pingInterval: config.pingInterval * 1000,
    pingTimeout: config.pingTimeout * 1000,
    // the dispatcher refuses a message above its limit with an ack; only far above it does Engine.IO close the connection
    maxHttpBufferSize: Math.max(config.maxMessageBytes * 4, minHttpBufferBytes),
    cors: { origin: config.corsOrigins.includes('*') ? true : config.corsOrigins, credentials: true },
    serveClient: true,
    destroyUpgrade: false,
  }
}
