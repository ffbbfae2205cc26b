import type { IncomingMessage, RequestListener, Server, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import type { Refused } from './errors.ts'

/** How many connections may wait for their first request longer than `graceMs`. */
const maxUnused = 1000
/** How long a connection may take for its first request in any case, ms: of many that arrive at once none is closed for it. */
const graceMs = 1000

/**
 * How many requests of one connection may be under way. Node hands over all requests of one read, some thousands, in one turn of
 * the event loop. Browsers and load balancers send one at a time.
 */
const maxPipelined = 8

type Connection = { socket: Socket; requests: number; waitingSince: number }

/**
 * The TCP connections of a server, also those that were upgraded: `close` waits for them, and `closeAllConnections` does
 * not know of them. Those that serve no request give way to others. Which client or network they belong to is not asked:
 * a load balancer has few addresses. A connection that sends many requests without waiting for answers is closed.
 */
export class HttpConnections {
  readonly #max: number
  readonly #refused: Refused
  readonly #open = new Map<string, Connection>()
  /** Those that have not sent a complete head, the oldest first. */
  readonly #unused = new Set<Connection>()
  /** Those that wait for a further request, the one that has waited longest first. */
  readonly #idle = new Set<Connection>()

  /** @param max concurrent connections. Call it after the server has its listeners for requests, and for upgrades, if it takes any. */
  constructor(server: Server, max: number, refused: Refused) {
    this.#max = max
    this.#refused = refused
    server.on('connection', (socket: Socket) => this.#opened(socket))
    const listeners = server.listeners('request') as RequestListener[]
    server.removeAllListeners('request')
    server.on('request', (request: IncomingMessage, response: ServerResponse) => {
      if (this.#begin(request, response)) for (const listener of listeners) listener.call(server, request, response)
    })
    // with a listener for them Node leaves upgrades to it, so that a server that takes none needs to have none
    if (server.listenerCount('upgrade') > 0) server.prependListener('upgrade', (request) => this.#use(request))
  }

  /** Cuts those that are still open, whatever is under way on them. */
  cut(): void {
    for (const { socket } of this.#open.values()) socket.destroy()
  }

  #opened(socket: Socket): void {
    const key = keyOf(socket)
    const connection = { socket, requests: 0, waitingSince: performance.now() }
    this.#open.set(key, connection)
    this.#unused.add(connection)
    socket.once('close', () => this.#remove(key, connection))
    const [oldest] = this.#unused
    if (this.#unused.size > maxUnused && isPatient(oldest)) this.#close(oldest, 'no_request')
    if (this.#open.size > this.#max) this.#close(this.#leastUseful() ?? connection, 'tcp_connections')
  }

  /** A complete head has arrived. With TLS the request has another socket than the connection, with the same ends. */
  #use({ socket }: IncomingMessage): Connection | undefined {
    const connection = this.#open.get(keyOf(socket))
    if (!connection) return undefined
    connection.requests += 1
    this.#unused.delete(connection)
    this.#idle.delete(connection)
    return connection
  }

  /** False for a request of a connection that is closed already, or now. */
  #begin(request: IncomingMessage, response: ServerResponse): boolean {
    const connection = this.#use(request)
    if (!connection) return false
    response.once('close', () => this.#answered(connection))
    if (connection.requests <= maxPipelined) return true
    this.#close(connection, 'pipelined_requests')
    return false
  }

  #answered(connection: Connection): void {
    connection.requests -= 1
    if (connection.requests > 0 || connection.socket.destroyed) return
    connection.waitingSince = performance.now()
    this.#idle.add(connection)
  }

  #leastUseful(): Connection | undefined {
    const [[unused], [idle]] = [this.#unused, this.#idle]
    return isPatient(unused) ? unused : idle
  }

  #close(connection: Connection, reason: string): void {
    const { socket } = connection
    this.#refused(reason, { address: socket.remoteAddress })
    this.#remove(keyOf(socket), connection)
    socket.destroy()
  }

  #remove(key: string, connection: Connection): void {
    this.#unused.delete(connection)
    this.#idle.delete(connection)
    if (this.#open.get(key) === connection) this.#open.delete(key)
  }
}

const keyOf = ({ remoteAddress, remotePort }: Socket) => `${remoteAddress} ${remotePort}`

function isPatient(connection: Connection | undefined): connection is Connection {
  return connection !== undefined && performance.now() - connection.waitingSince > graceMs
}
