import type { ClientRequest, IncomingMessage } from 'node:http'
import type { Socket } from 'node:net'
import type { BudgetHolder } from '../../core/ports/memory-budget.ts'

/**
 * What the node holds for one request or WebSocket that it passes on: bytes that it has read from one side, and that the other
 * side has not taken. Reading stops at about 140 kB for each, so that it takes many of them to fill the memory.
 */
export class ForwardedBytes implements BudgetHolder {
  readonly #request: IncomingMessage
  readonly #ended: (bytes: number) => void
  #asked: ClientRequest | undefined
  #answer: IncomingMessage | undefined
  #tunnel: Socket | undefined

  /** @param ended called when the connection is closed for the sake of the budget */
  constructor(request: IncomingMessage, ended: (bytes: number) => void) {
    this.#request = request
    this.#ended = ended
  }

  /** The request to the other node. */
  sent(asked: ClientRequest): void {
    this.#asked = asked
    asked.once('response', (answer) => {
      this.#answer = answer
    })
    asked.once('upgrade', (_answer, tunnel: Socket) => {
      this.#tunnel = tunnel
    })
  }

  get bytes(): number {
    return this.#inputBytes + this.unreadBytes
  }

  /** In both directions, since the growth of neither emits an event. */
  get partialBytes(): number {
    return this.bytes
  }

  get unreadBytes(): number {
    const { socket } = this.#request
    return socket.writableLength + (this.#answer ?? this.#tunnel ?? unread).readableLength
  }

  get #inputBytes(): number {
    const { socket, readableLength } = this.#request
    return socket.readableLength + readableLength + (this.#tunnel ?? this.#asked ?? untaken).writableLength
  }

  shed(): number {
    const { bytes } = this
    this.#ended(bytes)
    this.#request.socket.destroy()
    return bytes
  }

  shedUnread(): number {
    return this.unreadBytes > 0 ? this.shed() : 0
  }
}

const unread = { readableLength: 0 }
const untaken = { writableLength: 0 }
