import type { IncomingMessage, RequestListener, Server, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import type { Refused } from './errors.ts'

/** How many connections may wait for their first request. Beyond that, a new one closes the oldest if that is past `graceMs`. */
const maxUnusedConnections = 1000
/** A connection is not closed for want of a first request before this age, ms: many clients may connect at once. */
const graceMs = 1000

/**
 * How many requests of one connection may be under way. One read can contain thousands of requests, and Node.js emits all of them
 * in one turn of the event loop. Browsers and load balancers send one at a time.
 */
const maxPipelined = 8

type HttpConnection = { socket: Socket; requests: number; waitingSince: number }

/**
 * The TCP connections of a server, upgraded ones included: `Server.close` waits for those, but `Server.closeAllConnections` does
 * not close them. At the maximum, a connection without a request is closed for a new one. The address of the client does not
 * matter, because all connections of a load balancer come from few addresses. A connection that sends many requests without
 * waiting for answers is closed.
 */
export class HttpConnections {
  readonly #max: number
  readonly #refused: Refused
  readonly #open = new Map<string, HttpConnection>()
  /** Connections that have not sent a complete head, the oldest first. */
  readonly #unused = new Set<HttpConnection>()
  /** Connections that wait for a further request, the one that has waited longest first. */
  readonly #idle = new Set<HttpConnection>()

  /**
   * Create it when the server already has its listeners for requests and, if it accepts upgrades, for those.
   * @param max concurrent connections
   */
  constructor(server: Server, max: number, refused: Refused) {
    this.#max = max
    this.#refused = refused
    server.on('connection', (socket: Socket) => this.#opened(socket))
    const listeners = server.listeners('request') as RequestListener[]
    server.removeAllListeners('request')
    server.on('request', (request: IncomingMessage, response: ServerResponse) => {
      if (this.#admit(request, response)) for (const listener of listeners) listener.call(server, request, response)
    })
    // without a listener Node.js serves an upgrade as an ordinary request; with ours alone it would get no answer
    if (server.listenerCount('upgrade') > 0) server.prependListener('upgrade', (request) => this.#headReceived(request))
  }

  /** Cuts all open connections, whatever is under way on them. */
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
    if (this.#unused.size > maxUnusedConnections && isPastGrace(oldest)) this.#close(oldest, 'no_request')
    if (this.#open.size > this.#max) this.#close(this.#longestWaiting() ?? connection, 'tcp_connections')
  }

  /**
   * Counts a request. An upgrade counts until its connection closes, so that the connection is never idle. With TLS the request
   * has another socket than the connection, with the same addresses.
   */
  #headReceived({ socket }: IncomingMessage): HttpConnection | undefined {
    const connection = this.#open.get(keyOf(socket))
    if (!connection) return undefined
    connection.requests += 1
    this.#unused.delete(connection)
    this.#idle.delete(connection)
    return connection
  }

  /** False if the connection is closed already, or is closed now because too many of its requests are under way. */
  #admit(request: IncomingMessage, response: ServerResponse): boolean {
    const connection = this.#headReceived(request)
    if (!connection) return false
    response.once('close', () => this.#answered(connection))
    if (connection.requests <= maxPipelined) return true
    this.#close(connection, 'pipelined_requests')
    return false
  }

  #answered(connection: HttpConnection): void {
    connection.requests -= 1
    if (connection.requests > 0 || connection.socket.destroyed) return
    connection.waitingSince = performance.now()
    this.#idle.add(connection)
  }

  /** The oldest connection without a request past the grace time; otherwise the one that has waited longest for a further request. */
  #longestWaiting(): HttpConnection | undefined {
    const [[unused], [idle]] = [this.#unused, this.#idle]
    return isPastGrace(unused) ? unused : idle
  }

  #close(connection: HttpConnection, reason: string): void {
    const { socket } = connection
    this.#refused(reason, { address: socket.remoteAddress })
    this.#remove(keyOf(socket), connection)
    socket.destroy()
  }

  #remove(key: string, connection: HttpConnection): void {
    this.#unused.delete(connection)
    this.#idle.delete(connection)
    if (this.#open.get(key) === connection) this.#open.delete(key)
  }
}

const keyOf = ({ remoteAddress, remotePort }: Socket) => `${remoteAddress} ${remotePort}`

function isPastGrace(connection: HttpConnection | undefined): connection is HttpConnection {
  return connection !== undefined && performance.now() - connection.waitingSince > graceMs
}
