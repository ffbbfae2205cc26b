import type { ServerResponse } from 'node:http'
import type { Socket as EngineSocket } from 'engine.io'
import type { Backlogs } from './backlogs.ts'

/** The parts of Engine.IO and ws that its types keep private. */
type TransportLike = {
  writable: boolean
  socket?: { bufferedAmount: number; terminate(): void }
  once(event: 'ready', listener: () => void): void
}

/** What a packet takes in memory besides its text. */
const packetOverheadBytes = 128

/** How much a connection was sent that its client has not read, in bytes: the text of packets, and what each takes besides. */
export class Backlog {
  readonly #engine: EngineSocket
  readonly #most: number
  readonly #exceeded: (bytes: number) => void
  /** What waits in Engine.IO until the transport takes it. */
  #waiting = 0
  /** What the packets that the transport took last are besides their text, until the client has read them. */
  #overhead = 0
  /** Of long-polling: those that the client may not have read. */
  readonly #answers = new Set<ServerResponse>()
  #abandoned = false

  /** @param exceeded called once, when more than `most` bytes wait: the client reads too slowly and is let go */
  constructor(engine: EngineSocket, most: number, all: Backlogs, exceeded: (bytes: number) => void) {
    this.#engine = engine
    this.#most = most
    this.#exceeded = exceeded
    engine.on('packetCreate', ({ data }: { data?: string | Buffer }) => {
      const length = packetOverheadBytes + (data?.length ?? 0)
      const before = this.bytes
      this.#waiting += length
      if (before > 0) all.grown(this, length)
      if (this.bytes > this.#most) this.abandon()
    })
    engine.on('flush', (packets: unknown[]) => {
      this.#waiting = 0
      this.#overhead = packets.length * packetOverheadBytes
    })
  }

  get #transport(): TransportLike {
    return this.#engine.transport as unknown as TransportLike
  }

  get bytes(): number {
    return this.#waiting + this.#unread
  }

  get #unread(): number {
    let unread = this.#transport.socket?.bufferedAmount ?? 0
    for (const answer of this.#answers) unread += answer.writableLength
    return unread > 0 ? unread + this.#overhead : 0
  }

  /** The client polls: what it is answered counts until it is read, also when it polls again before. */
  answering(response: ServerResponse): void {
    this.#answers.add(response)
    response.once('close', () => this.#answers.delete(response))
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
      for (const answer of this.#answers) answer.destroy()
    })
  }
}
