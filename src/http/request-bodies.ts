import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import type { BudgetHolder, MemoryBudget } from '../core/ports/memory-budget.ts'
import type { Refused } from './errors.ts'

/** Whether bytes follow the head of a request. */
export function hasBody({ headers }: Pick<IncomingMessage, 'headers'>): boolean {
  return headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0
}

/** The part of a request's body that the node has read. */
class RequestBody implements BudgetHolder {
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

  shed(): number {
    const { bytes } = this
    this.#refused('node_memory', { address: this.#socket.remoteAddress, bytes })
    this.#socket.destroy()
    return bytes
  }

  shedUnread(): number {
    return 0
  }
}

/**
 * Adds each request with a body to the node's budget until its response closes. Its size is what the connection has read since
 * the last response, the head included.
 * @param polling the path of long-polling, whose requests this function skips because the gateway counts them
 */
export function countBodies(server: Server, budget: MemoryBudget, refused: Refused, polling: string): void {
  /** The bytes that each connection had read when its last response closed. */
  const answered = new WeakMap<Socket, number>()
  server.prependListener('request', (request: IncomingMessage, response: ServerResponse) => {
    const { socket } = request
    // not `bytesRead` now: the chunk with the head may contain the whole body already
    const before = answered.get(socket) ?? 0
    response.once('close', () => answered.set(socket, socket.bytesRead))
    if (!hasBody(request) || request.url?.startsWith(polling)) return
    const body = new RequestBody(socket, before, refused)
    budget.add(body)
    response.once('close', () => budget.remove(body))
  })
}
