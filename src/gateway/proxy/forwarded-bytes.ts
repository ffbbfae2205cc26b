import type { ClientRequest, IncomingMessage } from 'node:http'
import type { Socket } from 'node:net'
import type { BudgetHolder } from '../../core/ports/memory-budget.ts'

/**
 * The memory that the node holds for one request or WebSocket that it forwards: bytes that it has read from one side and that the
 * other side has not taken. The node stops reading at about 140 kB for each, so only many of them can fill the memory.
 */
export class ForwardedBytes implements BudgetHolder {
  readonly #request: IncomingMessage
  readonly #ended: (bytes: number) => void
  #outgoing: ClientRequest | undefined
  #answer: IncomingMessage | undefined
  #tunnel: Socket | undefined

  /** @param ended called before the connection is closed to free memory */
  constructor(request: IncomingMessage, ended: (bytes: number) => void) {
    this.#request = request
    this.#ended = ended
  }

  /** The request to the other node. */
  sent(outgoing: ClientRequest): void {
    this.#outgoing = outgoing
    outgoing.once('response', (answer) => {
      this.#answer = answer
    })
    outgoing.once('upgrade', (_answer, tunnel: Socket) => {
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
    return socket.writableLength + (this.#answer ?? this.#tunnel ?? nothingUnread).readableLength
  }

  get #inputBytes(): number {
    const { socket, readableLength } = this.#request
    return socket.readableLength + readableLength + (this.#tunnel ?? this.#outgoing ?? nothingUntaken).writableLength
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

const nothingUnread = { readableLength: 0 }
const nothingUntaken = { writableLength: 0 }
