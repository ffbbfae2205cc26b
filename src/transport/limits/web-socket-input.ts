import type { WebSocket } from 'ws'
import type { BudgetHolder } from './memory-budget.ts'
import { webSocketInputBytes } from './partial-input.ts'

/**
 * The incomplete message of one WebSocket, in the node's budget for as long as the TCP connection exists: also before
 * Engine.IO or a guest knows the WebSocket, and after they have let it go.
 */
export class WebSocketInput implements BudgetHolder {
  readonly #webSocket: WebSocket
  readonly #ended: () => void

  constructor(webSocket: WebSocket, ended: () => void) {
    this.#webSocket = webSocket
    this.#ended = ended
  }

  get bytes(): number {
    return this.partialBytes + this.unreadBytes
  }

  get partialBytes(): number {
    return webSocketInputBytes(this.#webSocket)
  }

  /** The guest counts it while the connection is open. */
  get unreadBytes(): number {
    const { readyState, OPEN, bufferedAmount } = this.#webSocket
    return readyState === OPEN ? 0 : bufferedAmount
  }

  relieve(): number {
    const { bytes } = this
    this.#ended()
    this.#webSocket.terminate()
    return bytes
  }

  relieveUnread(): number {
    return this.unreadBytes > 0 ? this.relieve() : 0
  }
}
