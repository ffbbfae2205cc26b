import type { IncomingMessage } from 'node:http'
import type { Server, Socket } from 'socket.io'
import { guarded, inBackground } from '../core/background.ts'
import { SignalError } from '../core/errors.ts'
import type { Entry } from '../core/model.ts'
import { mute, roomOfSession, unmute } from './broadcast.ts'
import type { Client } from './client.ts'
import type { Clients } from './clients.ts'
import { Connection } from './connection.ts'
import { Dispatcher } from './dispatcher.ts'
import { looksLikeGuessing, networkKey } from './limits/credential-guessing.ts'
import { closeWhenIdle } from './limits/idle.ts'
import { type Excess, measure } from './limits/payload-limits.ts'
import type { ServedDialect } from './requests.ts'
import type { GatewayServices } from './services.ts'

export type NamespaceDeps = {
  services: GatewayServices
  clients: Clients
  /** The open connections of all namespaces. */
  connections: Set<Connection>
  addressOf: (request: IncomingMessage) => string
}

/** The Socket.IO namespace of one dialect: admits clients and serves their connections. */
export class Namespace {
  readonly #dialect: ServedDialect
  readonly #deps: NamespaceDeps
  /** Why an admitted client may only resume. */
  readonly #restrictions = new WeakMap<Socket, SignalError>()

  constructor(dialect: ServedDialect, deps: NamespaceDeps) {
    this.#dialect = dialect
    this.#deps = deps
  }

  open(io: Server): void {
    const namespace = io.of(this.#dialect.namespace)
    namespace.use((socket, next) => {
      const admit = async () => {
        if (this.#isAdmitting(socket)) return
        next(await this.#admit(socket).catch((error: unknown) => this.#unexpected(error)))
      }
      inBackground(admit, (error) => this.#fail(error, socket))
    })
    const accept = (socket: Socket) => this.#accept(socket)
    namespace.on(
      'connection',
      guarded(accept, (error, socket) => this.#fail(error, socket)),
    )
  }

  /**
   * Whether the node is already admitting the client to this namespace. It does not answer the second CONNECT: some Socket.IO
   * clients send two, and would take a refusal of the second for the answer to both. Without `next` Socket.IO keeps nothing for it.
   */
  #isAdmitting(socket: Socket): boolean {
    const { clients, services } = this.#deps
    if (!clients.of(socket).admitting.has(this.#dialect.name)) return false
    services.refusals.note('too_many_requests', this.#about(socket), 'CONNECT ignored')
    return true
  }

  /** @returns why the client may not connect: the error of its `connect_error` event, with `data.code` */
  async #admit(socket: Socket): Promise<Error | undefined> {
    const { name, admit } = this.#dialect
    const client = this.#deps.clients.of(socket)
    client.admitting.add(name)
    const isAgain = client.namespaces.has(name)
    client.namespaces.add(name)
    const { excess, heapBytes } = measure(socket.handshake.auth, this.#deps.services.maxMessageBytes)
    const free = excess ? () => {} : client.reserve(heapBytes)
    try {
      // a client that connects again and again must not get around the rate limit
      if (!free || (isAgain && !client.bucket.take(performance.now()))) throw new SignalError('too_many_requests')
      await this.#check(socket, excess)
      return undefined
    } catch (error) {
      return await this.#refuse(error, socket, free ? undefined : 'client_memory')
    } finally {
      client.admitting.delete(name)
      // Socket.IO keeps `auth` as long as the connection: keep only the fields that the node reads later
      socket.handshake.auth = readFields(socket.handshake.auth, admit !== undefined)
      free?.()
    }
  }

  async #check(socket: Socket, excess: Excess): Promise<void> {
    if (excess) throw new SignalError('too_large')
    const restriction = await this.#dialect.admit?.(socket)
    if (restriction) this.#restrictions.set(socket, restriction)
  }

  /** @param reason for metric and log; absent: the error code */
  async #refuse(error: unknown, socket: Socket, reason?: string): Promise<Error> {
    const { code, detail } = error instanceof SignalError ? error : new SignalError('internal')
    const { log, refusals, throttle } = this.#deps.services
    const about = { code, ...this.#about(socket) }
    if (looksLikeGuessing(code) && (await throttle.delayRefusal([networkKey(about.address)]))) {
      refusals.note('throttled', about, 'refusal delayed')
    }
    if (code === 'internal') log.error({ err: error }, 'a client could not be admitted')
    refusals.note(reason ?? code, about, 'client not admitted')
    return Object.assign(new Error(this.#dialect.messages[code](detail)), { data: { code } })
  }

  /** The error of a client whose admission failed unexpectedly. */
  #unexpected(error: unknown): Error {
    const { name, messages } = this.#dialect
    const { log, refusals } = this.#deps.services
    log.error({ err: error }, 'a client could not be admitted')
    refusals.note('internal', { dialect: name }, 'client not admitted')
    return Object.assign(new Error(messages.internal('')), { data: { code: 'internal' } })
  }

  /** Closes a connection that could be neither admitted nor refused. Its client connects again. */
  #fail(error: unknown, { conn }: Socket): void {
    conn.close()
    this.#deps.services.log.error({ err: error }, 'a client could not be served; its connection is closed')
  }

  #accept(socket: Socket): void {
    const { services, clients, connections } = this.#deps
    const { name, allowsIdle } = this.#dialect
    const client = clients.of(socket)
    const connection = this.#connectionOf(socket, client)
    connection.restriction = this.#restrictions.get(socket)
    if (connection.restriction || !allowsIdle) mute(socket) // until it has a session
    new Dispatcher(connection, this.#dialect, services, client)
    connections.add(connection)
    const stopIdleTimer = closeWhenIdle(connection, services.refusals)
    socket.on('error', (error: unknown) => {
      // a client may also send an event named `error`
      if (error instanceof Error) client.protocolError()
    })
    socket.on('disconnect', (reason) => {
      stopIdleTimer()
      // Socket.IO's reason when a packet does not fit the state: an event before CONNECT, or a second CONNECT
      if (reason === 'forced close') client.protocolError()
      connections.delete(connection)
      services.log.debug({ dialect: name, reason, ...connection.about }, 'disconnected')
    })
    services.log.debug({ dialect: name, transport: socket.conn.transport.name }, 'connected')
  }

  #connectionOf(socket: Socket, client: Client): Connection {
    const changeRooms = (change: () => unknown) => inBackground(change, (error) => this.#fail(error, socket))
    const connection = new Connection(socket, this.#dialect, client.confirmations, {
      address: this.#deps.addressOf(socket.request),
      writable: () => client.sendBuffer.writable(),
      held: (bytes) => client.sendBuffer.countHeld(bytes),
      cut: () => {
        client.closedByNode = true
      },
      closing: () => client.terminateSoon(),
      sessionBegan: ({ ref }) => {
        changeRooms(() => unmute(socket))
        changeRooms(() => socket.join(roomOfSession(ref)))
      },
      sessionEnded: ({ ref }) => changeRooms(() => socket.leave(roomOfSession(ref))),
      delivered: (event, entry, live) => this.#measure(connection, event, entry, live),
    })
    return connection
  }

  #measure({ session }: Connection, event: string, entry: Entry, live: boolean): void {
    const { metrics, clock } = this.#deps.services
    // a backend chooses the event names of its messages, and each name would become a time series
    metrics.countMessage(this.#dialect.name, entry.event === 'message' ? 'other' : event, 'out')
    if (live) metrics.messageSeconds.observe(Math.max(0, clock.now(session?.room) - entry.at) / 1000)
  }

  #about(socket: Socket): { dialect: string; address: string } {
    return { dialect: this.#dialect.name, address: this.#deps.addressOf(socket.request) }
  }
}

/** The fields of a client's `auth` that the node reads after admission. */
function readFields(auth: unknown, readsToken: boolean): { [field: string]: unknown } {
  if (typeof auth !== 'object' || auth === null) return {}
  const { token, seq, limits } = auth as { [field: string]: unknown }
  return {
    ...(readsToken && token !== undefined ? { token } : {}),
    ...(seq === undefined ? {} : { seq }),
    ...(limits === undefined ? {} : { limits: limits === true }),
  }
}
