import type { Socket } from 'node:net'
import { type Keyring, sign, verify } from '../../core/keyring.ts'
import { atMost } from '../../core/timeout.ts'
import { routeAt } from './neighbours.ts'

/** The path below NODE_URL at which a node takes a `Move`: 204, or 404 if the node does not have the session. */
export const movePath = '/node/move'

/** Asks a node to move a client of its own to another node. `sid`: of the client's session. */
export type Move = { sid: string; signature: string }

/** How long a node may take to answer, ms. */
const answerTimeoutMs = 1000
/** How long a node may take to close the connection after that, ms: the client may have to prove what it has received. */
const closeTimeoutMs = 2000

/** A WebSocket of another node that goes through this one. */
export class Tunnel {
  readonly socket: Socket
  readonly #node: URL
  readonly #move: Move

  /** @param node that has the session */
  constructor(socket: Socket, node: URL, sid: string, keys: Keyring) {
    this.socket = socket
    this.#node = node
    this.#move = { sid, signature: sign(keys, 'move', [sid]) }
  }

  /**
   * Closes it. The node that has the session does so as when it drains, since this one cannot read what passes. An older node has
   * no such route, and a node that is gone does not answer: then this one cuts it.
   */
  async close(): Promise<void> {
    const { socket } = this
    if (socket.destroyed) return
    const closed = new Promise<void>((resolve) => socket.once('close', () => resolve()))
    if (await this.#ask()) await atMost(closeTimeoutMs, closed)
    socket.destroy()
  }

  async #ask(): Promise<boolean> {
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

/** Whether a node of this cluster asks. */
export function isFromNode(keys: Keyring, { sid, signature }: Move): boolean {
  return verify(keys, 'move', [sid], signature)
}
