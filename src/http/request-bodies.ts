import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import type { Refused } from './errors.ts'

/** A request whose body is being received, as the node's budget of memory sees it. */
export interface BodyHolder {
  readonly bytes: number
  readonly partialBytes: number
  readonly unreadBytes: number
  relieve(): number
  relieveUnread(): number
}

/** The node's budget of memory, as far as requests need it. */
export type BodyBudget = { add(holder: BodyHolder): void; remove(holder: BodyHolder): void }

/** Whether bytes follow the head of a request. */
export function hasBody({ headers }: Pick<IncomingMessage, 'headers'>): boolean {
  return headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0
}

/** The body of one request, and what was read of it. */
class RequestBody implements BodyHolder {
  readonly unreadBytes = 0
  readonly #socket: Socket
  readonly #before: number
  readonly #refused: Refused

  /** @param before bytes that the connection had read before this request */
  constructor(socket: Socket, before: number, refused: Refused) {
    this.#socket = socket
    this.#before = before
    this.#refused = refused
  }

  get bytes(): number {
    return this.#socket.destroyed ? 0 : this.#socket.bytesRead - this.#before
  }

  get partialBytes(): number {
    return this.bytes
  }

  relieve(): number {
    const { bytes } = this
    this.#refused('node_memory', { address: this.#socket.remoteAddress, bytes })
    this.#socket.destroy()
    return bytes
  }

  relieveUnread(): number {
    return 0
  }
}

/**
 * Counts the body of each request in the node's budget, from its head until it is answered. Of long-polling it counts
 * none: Engine.IO's clients are holders themselves.
 */
export function countBodies(server: Server, budget: BodyBudget, refused: Refused): void {
  /** Of each connection, how much had been read when its last request was answered. */
  const answered = new WeakMap<Socket, number>()
  server.prependListener('request', (request: IncomingMessage, response: ServerResponse) => {
    const { socket } = request
    // not the present count: the read that brought the head may have brought all of the body
    const before = answered.get(socket) ?? 0
    response.once('close', () => answered.set(socket, socket.bytesRead))
    if (!hasBody(request) || request.url?.startsWith('/socket.io/')) return
    const body = new RequestBody(socket, before, refused)
    budget.add(body)
    response.once('close', () => budget.remove(body))
  })
}
