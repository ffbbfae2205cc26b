import { type Server as HttpServer, type IncomingMessage, ServerResponse } from 'node:http'
import { createAdapter } from '@socket.io/redis-adapter'
import type { Socket as EngineSocket } from 'engine.io'
import { Server, type Socket } from 'socket.io'
import type { Keyring } from '../core/auth/keyring.ts'
import { guarded, inBackground } from '../core/background.ts'
import { SignalError } from '../core/errors.ts'
import type { NodeInfo } from '../core/ports/node-registry.ts'
import { mute, roomOfSession, unmute } from './broadcast.ts'
import { ClientConnection, type ClientLimits, minBudgetMessages } from './client.ts'
import { Connection } from './connection.ts'
import { Dispatcher } from './dispatcher.ts'
import { Admission, type AdmissionLimits, type AdmissionRefusal } from './limits/admission.ts'
import { addressReader, type TrustProxy, trustFunction } from './limits/client-address.ts'
import { looksLikeGuessing, networkKey } from './limits/credential-guessing.ts'
import { closeWhenIdle } from './limits/idle.ts'
import { MemoryBudget } from './limits/memory-budget.ts'
import { rejectHandshake } from './limits/reject-handshake.ts'
import { limitedWebSocketServer } from './limits/web-sockets.ts'
import { boundedParser } from './packets.ts'
import { measure } from './payload-limits.ts'
import { newConnectionId } from './proxy/connection-id.ts'
import { NodeProxy } from './proxy/node-proxy.ts'
import type { ServedDialect } from './requests.ts'
import type { GatewayServices } from './services.ts'

export type IoConfig = AdmissionLimits &
  ClientLimits & {
    /** As it is registered. */
    node: string
    keys: Keyring
    pingInterval: number
    pingTimeout: number
    maxBufferedBytesTotal: number
    trustProxy?: TrustProxy
  }

/** The two connections of the ephemeral lane, and the nodes that live; without them there is one node. */
export type ClusterParts = { pub: unknown; sub: unknown; key: string; nodes: () => Promise<NodeInfo[]> }

/** What Engine.IO tells of a handshake that failed; 4: forbidden. */
type HandshakeError = { req: IncomingMessage; code: number; message: string }
const forbiddenCode = 4

/** Refusals of this node alone: a load balancer should ask another. */
const retryOnAnotherNode: ReadonlySet<AdmissionRefusal> = new Set<AdmissionRefusal>([
  'draining',
  'cut_off',
  'connections',
])

/** Socket.IO, as far as all dialects share it: protocols 4 and 5, one namespace for each dialect, all on one port. */
export class Gateway {
  readonly io: Server
  readonly connections = new Set<Connection>()
  readonly #services: GatewayServices
  readonly #limits: ClientLimits
  readonly #admission: Admission
  readonly #addressOf: (request: IncomingMessage) => string
  readonly #clientConnections = new WeakMap<object, ClientConnection>()
  /** Why an admitted client may only resume. */
  readonly #restrictions = new WeakMap<Socket, SignalError>()
  /** What the node holds for clients, and what other listeners hold for requests that they receive. */
  readonly memory: MemoryBudget
  readonly #nodeProxy: NodeProxy | undefined

  constructor(http: HttpServer, config: IoConfig, services: GatewayServices, cluster?: ClusterParts) {
    this.#services = services
    this.#limits = config
    this.memory = new MemoryBudget(config.maxBufferedBytesTotal, minBudgetMessages * config.maxMessageBytes)
    const trusts = trustFunction(config.trustProxy)
    const ownWordFor = addressReader(trusts)
    this.#addressOf = (request) => this.#nodeProxy?.vouchedAddress(request) ?? ownWordFor(request)
    this.#admission = new Admission(config, services.lifecycle, this.#addressOf, trusts)
    this.io = new Server(http, {
      allowEIO3: true,
      parser: boundedParser(config.maxMessageBytes),
      pingInterval: config.pingInterval * 1000,
      pingTimeout: config.pingTimeout * 1000,
      // what is larger than one message may be is refused with an ack; only far beyond is the connection closed
      maxHttpBufferSize: Math.max(config.maxMessageBytes * 4, 4 * 1024 * 1024),
      cors: { origin: config.corsOrigins.includes('*') ? true : config.corsOrigins, credentials: true },
      serveClient: true,
      destroyUpgrade: false,
      wsEngine: limitedWebSocketServer(
        config,
        (reason, request, message) => {
          services.refusals.note(reason, { address: this.#addressOf(request) }, message)
        },
        { memory: this.memory, mayUpgrade: (sid) => this.#mayUpgrade(sid) },
      ),
      allowRequest: (request, decide) => {
        const reason = this.#refusalOf(request)
        if (reason && retryOnAnotherNode.has(reason)) rejectHandshake(request, reason)
        else decide(reason ?? null, reason === undefined)
      },
      ...(cluster ? { adapter: createAdapter(cluster.pub, cluster.sub, { key: cluster.key }) } : {}),
    })
    // names its node, so that a client can say where it is, also behind a balancer
    this.io.engine.generateId = () => newConnectionId(config.node)
    // behind CORS, which is the same on every node, and before all that is about connections of this one
    this.#nodeProxy = cluster && this.#forward(config, cluster)
    this.io.engine.use((request: IncomingMessage, response: object, next: () => void) => {
      const client = response instanceof ServerResponse && this.#pollingClient(request)
      if (!client) next()
      else if (request.method === 'POST')
        client.posts.take({ request, response, next, address: this.#addressOf(request) })
      else {
        client.sendBuffer.answering(response)
        next()
      }
    })
    http.on('upgrade', (request: IncomingMessage) => {
      // Engine.IO would keep the socket of an upgrade at another path half open for as long as its client likes
      if (request.url?.startsWith(this.path)) return
      services.refusals.note('bad_handshake', { address: this.#addressOf(request) }, 'connection refused')
      rejectHandshake(request, 'not_found', 404)
    })
    this.io.engine.on('connection', (engine: EngineSocket) => this.#onEngineConnection(engine))
    this.io.engine.on('connection_error', (error: HandshakeError) => this.#onHandshakeError(error))
  }

  /** Where Socket.IO serves its clients, with the slash at the end. */
  get path(): string {
    return `${this.io.path()}/`
  }

  /** Clients, each once, however many dialects it speaks. */
  get clients(): number {
    return this.#admission.open
  }

  /** What of other nodes goes through this one just now. */
  get nodeProxy(): NodeProxy['open'] {
    return this.#nodeProxy?.open ?? { polling: 0, websocket: 0 }
  }

  /** WebSockets of other nodes that go through this one. */
  get tunnels(): NodeProxy['tunnels'] {
    return this.#nodeProxy?.tunnels ?? []
  }

  async close(): Promise<void> {
    this.#nodeProxy?.close()
    await this.io.close()
    this.memory.close()
  }

  /** New clients are sent to other nodes while that is so. */
  refuseWhile(cutOff: () => boolean): void {
    this.#admission.cutOff = cutOff
  }

  /** Opens a dialect's namespace. */
  serve(dialect: ServedDialect): void {
    const namespace = this.io.of(dialect.namespace)
    namespace.use((socket, next) => {
      const admit = async () => {
        if (this.#isAgain(socket, dialect)) return
        const refusal = await this.#admit(socket, dialect).catch((error: unknown) => this.#unforeseen(error, dialect))
        next(refusal)
      }
      inBackground(admit, (error) => this.#failed(error, socket))
    })
    const accept = (socket: Socket) => this.#accept(socket, dialect)
    namespace.on(
      'connection',
      guarded(accept, (error, socket) => this.#failed(error, socket)),
    )
  }

  /** A client whose admission failed in a way that was not foreseen. */
  #unforeseen(error: unknown, { name, messages }: ServedDialect): Error {
    const { log, refusals } = this.#services
    log.error({ err: error }, 'a client could not be admitted')
    refusals.note('internal', { dialect: name }, 'client not admitted')
    return Object.assign(new Error(messages.internal('')), { data: { code: 'internal' } })
  }

  /** Neither admitted nor refused: its client connects anew. */
  #failed(error: unknown, { conn }: Socket): void {
    conn.close()
    this.#services.log.error({ err: error }, 'a client could not be served: its connection was closed')
  }

  #forward({ node, keys, pingInterval, pingTimeout, maxConnections }: IoConfig, { nodes }: ClusterParts): NodeProxy {
    const { metrics, refusals, log } = this.#services
    const nodeProxy = new NodeProxy({
      node,
      keys,
      nodes,
      silence: (pingInterval + pingTimeout) * 1000,
      limit: maxConnections,
      addressOf: this.#addressOf,
      memory: this.memory,
      metrics,
      refusals,
      failed: (error) => log.warn({ err: error }, 'the nodes could not be listed'),
    })
    this.io.engine.use(nodeProxy.middleware)
    return nodeProxy
  }

  /**
   * Whether the client is being admitted to the namespace already. A second CONNECT gets no answer of its own: a client of
   * Socket.IO that is told to connect twice sends two, and would take a refusal for the answer to both. Without `next`
   * Socket.IO keeps nothing for it.
   */
  #isAgain(socket: Socket, { name }: ServedDialect): boolean {
    if (!this.#clientOf(socket).admitting.has(name)) return false
    const about = { dialect: name, address: this.#addressOf(socket.request) }
    this.#services.refusals.note('too_many_requests', about, 'CONNECT ignored')
    return true
  }

  /** Why a client may not connect: what `connect_error` tells it, with `data.code`. */
  async #admit(socket: Socket, { name, admit, messages }: ServedDialect): Promise<Error | undefined> {
    const client = this.#clientOf(socket)
    client.admitting.add(name)
    const again = client.namespaces.has(name)
    client.namespaces.add(name)
    const { excess, heapBytes } = measure(socket.handshake.auth, this.#limits.maxMessageBytes)
    const release = excess ? () => {} : client.holdRequest(heapBytes)
    try {
      // to come and go is not the way around the limit of what may be sent
      if (!release || (again && !client.bucket.take(performance.now()))) throw new SignalError('too_many_requests')
      if (excess) throw new SignalError('too_large')
      const restriction = await admit?.(socket)
      if (restriction) this.#restrictions.set(socket, restriction)
      return undefined
    } catch (error) {
      const { code, detail } = error instanceof SignalError ? error : new SignalError('internal')
      const about = { code, dialect: name, address: this.#addressOf(socket.request) }
      const { log, refusals, throttle } = this.#services
      const keys = [networkKey(about.address)]
      if (looksLikeGuessing(code) && (await throttle.hold(keys))) {
        refusals.note('throttled', about, 'refusal held back')
      }
      if (code === 'internal') log.error({ err: error }, 'a client could not be admitted')
      refusals.note(release ? code : 'client_memory', about, 'client not admitted')
      return Object.assign(new Error(messages[code](detail)), { data: { code } })
    } finally {
      client.admitting.delete(name)
      // it stays as long as the connection does: what a client sends beside them is not kept for it
      socket.handshake.auth = known(socket.handshake.auth, admit !== undefined)
      release?.()
    }
  }

  #accept(socket: Socket, dialect: ServedDialect): void {
    const { metrics, refusals, log, clock } = this.#services
    const name = dialect.name
    const client = this.#clientOf(socket)
    const address = this.#addressOf(socket.request)
    const moveRoom = (move: () => unknown) => inBackground(move, (error) => this.#failed(error, socket))
    const connection = new Connection(socket, dialect, client.confirmations, {
      address,
      drained: () => client.sendBuffer.drained(),
      held: (bytes) => client.sendBuffer.hold(bytes),
      cut: () => {
        client.closedByNode = true
      },
      closing: () => client.closing(),
      entered: ({ ref }) => {
        moveRoom(() => unmute(socket))
        moveRoom(() => socket.join(roomOfSession(ref)))
      },
      left: ({ ref }) => moveRoom(() => socket.leave(roomOfSession(ref))),
      delivered: (event, entry, live) => {
        // a backend names its messages as it likes, and each name would be a series of its own for ever
        metrics.countMessage(name, entry.event === 'message' ? 'other' : event, 'out')
        if (live) metrics.messageSeconds.observe(Math.max(0, clock.now(connection.session?.room) - entry.at) / 1000)
      },
    })
    connection.restriction = this.#restrictions.get(socket)
    if (connection.restriction || !dialect.allowsIdle) mute(socket) // until it has a session
    new Dispatcher(connection, dialect, this.#services, client)
    this.connections.add(connection)
    const stopWaiting = closeWhenIdle(connection, refusals)
    socket.on('error', (error: unknown) => {
      // a client may also send an event of this name
      if (error instanceof Error) client.protocolError()
    })
    socket.on('disconnect', (reason) => {
      stopWaiting()
      // Socket.IO closes so for what fits no state: an event before it was let in, or to be let in twice
      if (reason === 'forced close') client.protocolError()
      this.connections.delete(connection)
      log.debug({ dialect: name, reason, ...connection.about }, 'disconnected')
    })
    log.debug({ dialect: name, transport: socket.conn.transport.name }, 'connected')
  }

  #refusalOf(request: IncomingMessage): AdmissionRefusal | undefined {
    const reason = this.#admission.refusalOf(request)
    if (reason === undefined) return undefined
    this.#services.refusals.note(reason, { address: this.#addressOf(request) }, 'connection refused')
    return reason
  }

  /** A handshake that is none. What we refused ourselves is counted already. */
  #onHandshakeError({ req, code, message }: HandshakeError): void {
    if (code === forbiddenCode || this.#nodeProxy?.hasFailed(req)) return
    this.#services.refusals.note('bad_handshake', { why: message, address: this.#addressOf(req) }, 'connection refused')
  }

  #onEngineConnection(engine: EngineSocket): void {
    const request = engine.request as IncomingMessage
    engine.once('close', this.#admission.enter(request))
    const address = this.#addressOf(request)
    this.#clientConnections.set(
      engine,
      new ClientConnection(engine, address, this.#limits, this.memory, this.#services.refusals),
    )
  }

  /** A session that has a WebSocket, or has begun to move to one, takes no other. */
  #mayUpgrade(sid: string): boolean {
    const client = this.#engineSocket(sid) as (EngineSocket & { upgrading: boolean; upgraded: boolean }) | undefined
    return client?.transport.name === 'polling' && !client.upgrading && !client.upgraded
  }

  #engineSocket(sid: string): EngineSocket | undefined {
    const { clients } = this.io.engine as unknown as { clients: { [sid: string]: EngineSocket } }
    return Object.hasOwn(clients, sid) ? clients[sid] : undefined
  }

  /** The client of a long-polling request, once it has shaken hands. */
  #pollingClient(request: IncomingMessage): ClientConnection | undefined {
    const { sid } = (request as { _query?: { sid?: string } })._query ?? {}
    const client = sid === undefined ? undefined : this.#engineSocket(sid)
    return client && this.#clientConnections.get(client)
  }

  #clientOf({ conn }: Socket): ClientConnection {
    const client = this.#clientConnections.get(conn)
    if (!client) throw new Error('A client that nobody met')
    return client
  }
}

/** What is read of a client's `auth` after it was admitted. */
function known(auth: unknown, tokenCounts: boolean): { [field: string]: unknown } {
  if (typeof auth !== 'object' || auth === null) return {}
  const { token, seq, limits } = auth as { [field: string]: unknown }
  return {
    ...(tokenCounts && token !== undefined ? { token } : {}),
    ...(seq === undefined ? {} : { seq }),
    ...(limits === undefined ? {} : { limits: limits === true }),
  }
}
