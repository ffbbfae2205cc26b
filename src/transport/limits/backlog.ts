import type { Socket as EngineSocket } from 'engine.io'
import type { Backlogs } from './backlogs.ts'

/** The parts of Engine.IO and ws that its types keep private. */
type TransportLike = {
  writable: boolean
  socket?: { bufferedAmount: number; terminate(): void }
  once(event: 'ready', listener: () => void): void
}

/** How much a connection was sent that its client has not read, in bytes, estimated from the packets' text. */
export class Backlog {
  readonly #engine: EngineSocket
  readonly #most: number
  readonly #exceeded: (bytes: number) => void
  /** What waits in Engine.IO until the transport takes it. */
  #waiting = 0
  #abandoned = false

  /** @param exceeded called once, when more than `most` bytes wait: the client reads too slowly and is let go */
  constructor(engine: EngineSocket, most: number, all: Backlogs, exceeded: (bytes: number) => void) {
    this.#engine = engine
    this.#most = most
    this.#exceeded = exceeded
    engine.on('packetCreate', ({ data }: { data?: string | Buffer }) => {
      const length = data === undefined ? 1 : data.length + 1
      const before = this.bytes
      this.#waiting += length
      if (before > 0) all.grown(this, length)
      if (this.bytes > this.#most) this.abandon()
    })
    engine.on('flush', () => {
      this.#waiting = 0
    })
  }

  get #transport(): TransportLike {
    return this.#engine.transport as unknown as TransportLike
  }

  get bytes(): number {
    return this.#waiting + (this.#transport.socket?.bufferedAmount ?? 0)
  }

  /** Resolves when a replay may go on; undefined when it may right away. A quarter is kept free for live messages. */
  drained(): Promise<void> | undefined {
    if (this.bytes <= this.#most / 4 || this.#engine.readyState !== 'open') return undefined
    return new Promise((resolve) => {
      this.#transport.once('ready', resolve)
      this.#engine.once('close', () => resolve())
    })
  }

  /** Ends the connection without waiting for what the client does not read. */
  abandon(): void {
    if (this.#abandoned) return
    this.#abandoned = true
    this.#exceeded(this.bytes)
    // not while Engine.IO is in the middle of sending
    queueMicrotask(() => {
      const { socket } = this.#transport
      this.#engine.close(true)
      socket?.terminate()
    })
  }
}
