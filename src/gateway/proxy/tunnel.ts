import type { Socket } from 'node:net'
import { type Keyring, sign, verify } from '../../core/auth/keyring.ts'
import { atMost } from '../../core/timeout.ts'
import { routeAt } from './node-directory.ts'

/** The path below NODE_URL at which a node receives a `Move`: 204, or 404 without such a connection or a valid signature. */
export const movePath = '/node/move'

/** Asks a node to move one of its clients to another node. `sid`: the id of the client's Engine.IO connection. */
export type Move = { sid: string; signature: string }

/** How long a node may take to answer, ms. */
const answerTimeoutMs = 1000
/** How long a node may take to close the connection after that, ms: it may first wait for the confirmation of what the client has received. */
const closeTimeoutMs = 2000

/** A WebSocket that this node forwards to the node that has its Engine.IO connection. */
export class Tunnel {
  readonly socket: Socket
  readonly #node: URL
  readonly #move: Move

  /** @param node the URL of that node */
  constructor(socket: Socket, node: URL, sid: string, keys: Keyring) {
    this.socket = socket
    this.#node = node
    this.#move = { sid, signature: sign(keys, 'move', [sid]) }
  }

  /**
   * Closes the WebSocket. The other node closes it as in a drain, because this node does not decode what it forwards. If that node
   * is older and has no such route, or does not answer, this node cuts the WebSocket.
   */
  async close(): Promise<void> {
    const { socket } = this
    if (socket.destroyed) return
    const closed = new Promise<void>((resolve) => socket.once('close', () => resolve()))
    if (await this.#requestMove()) await atMost(closeTimeoutMs, closed)
    socket.destroy()
  }

  async #requestMove(): Promise<boolean> {
    try {
      const { ok } = await fetch(routeAt(this.#node, movePath), {
        method: 'POST',
        headers: { 'Content-Type': 'application/json' },
        body: JSON.stringify(this.#move),
        signal: AbortSignal.timeout(answerTimeoutMs),
      })
      return ok
    } catch {
      return false
    }
  }
}

/** Whether a node of this cluster has signed it. */
export function isFromNode(keys: Keyring, { sid, signature }: Move): boolean {
  return verify(keys, 'move', [sid], signature)
}
