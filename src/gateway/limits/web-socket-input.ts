import type { WebSocket } from 'ws'
import type { BudgetHolder } from '../../core/ports/memory-budget.ts'
import { webSocketInputBytes } from './partial-input.ts'

/**
 * What the node holds for one WebSocket: its incomplete message and, once it is no longer open, its unread output. It stays in
 * the node's budget until the TCP connection closes, also while no Engine.IO connection has the WebSocket.
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

  /** While the WebSocket is open, the send buffer of its client counts this output. */
  get unreadBytes(): number {
    const { readyState, OPEN, bufferedAmount } = this.#webSocket
    return readyState === OPEN ? 0 : bufferedAmount
  }

  shed(): number {
    const { bytes } = this
    this.#ended()
    this.#webSocket.terminate()
    return bytes
  }

  shedUnread(): number {
    return this.unreadBytes > 0 ? this.shed() : 0
  }
}
