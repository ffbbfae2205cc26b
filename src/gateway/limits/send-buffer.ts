import type { ServerResponse } from 'node:http'
import type { Socket as EngineSocket } from 'engine.io'
import { type EngineTransport, transportOf } from '../engine-internals.ts'
import { maxPayloadPackets, type PollingOutput, packetOverheadBytes } from '../polling-output.ts'

export type SendBufferEvents = {
  /** A client that has not read everything was sent more. */
  grown: (bytes: number) => void
  /** More than the maximum waits: the connection is closed. Called once. */
  exceeded: (bytes: number) => void
}

/** How much a connection was sent that its client has not read, in bytes: the text of packets, and what each takes besides. */
export class SendBuffer {
  readonly #engine: EngineSocket
  readonly #output: PollingOutput
  readonly #maxBytes: number
  readonly #events: SendBufferEvents
  /** What waits in Engine.IO until the transport takes it. */
  #waiting = 0
  /** What the packets that the transport took last are besides their text, until the client has read them. */
  #overhead = 0
  /** Of long-polling: those that the client may not have read. */
  readonly #answers = new Set<ServerResponse>()
  /** What waits for the ack of a request, and is sent after it. */
  #held = 0
  #abandoned = false

  constructor(engine: EngineSocket, output: PollingOutput, maxBytes: number, events: SendBufferEvents) {
    this.#engine = engine
    this.#output = output
    this.#maxBytes = maxBytes
    this.#events = events
    engine.on('packetCreate', ({ data }: { data?: string | Buffer }) => {
      const length = packetOverheadBytes + (data?.length ?? 0)
      const before = this.bytes
      this.#waiting += length
      if (before > 0) events.grown(length)
      if (this.bytes > this.#maxBytes) this.abandon()
    })
    engine.on('flush', (packets: unknown[]) => {
      this.#waiting = 0
      const taken = this.#transport.name === 'polling' ? Math.min(packets.length, maxPayloadPackets) : packets.length
      this.#overhead = taken * packetOverheadBytes
    })
  }

  get #transport(): EngineTransport {
    return transportOf(this.#engine)
  }

  get bytes(): number {
    return this.#held + this.#unread
  }

  get #unread(): number {
    let unread = this.#transport.socket?.bufferedAmount ?? 0
    for (const answer of this.#answers) unread += answer.writableLength
    return this.#waiting + this.#output.bytes + (unread > 0 ? unread + this.#overhead : 0)
  }

  /** The client polls: what it is answered counts until it is read, also when it polls again before. */
  answering(response: ServerResponse): void {
    this.#answers.add(response)
    response.once('close', () => this.#answers.delete(response))
  }

  /** Counts what waits for the ack of a request; a negative number when it is sent. */
  hold(bytes: number): void {
    this.#held += bytes
    if (bytes < 0) return
    this.#events.grown(bytes)
    if (this.bytes > this.#maxBytes) this.abandon()
  }

  /** Resolves when a replay may go on; undefined when it may right away. A quarter is kept free for live messages. */
  drained(): Promise<void> | undefined {
    if (this.#unread <= this.#maxBytes / 4 || this.#engine.readyState !== 'open') return undefined
    const [engine, transport] = [this.#engine, this.#transport]
    return new Promise((resolve) => {
      const done = () => {
        transport.off('ready', done)
        engine.off('upgrade', done).off('close', done)
        resolve()
      }
      transport.once('ready', done)
      engine.once('upgrade', done).once('close', done)
    })
  }

  /** Closes the connection of a client that reads too slowly. */
  abandon(): void {
    if (this.#abandoned) return
    this.#abandoned = true
    this.#events.exceeded(this.bytes)
    this.terminate()
  }

  /** Closes the connection without waiting for anything that its client does not read. */
  terminate(): void {
    // not while Engine.IO is in the middle of sending
    queueMicrotask(() => {
      const { socket } = this.#transport
      this.#engine.close(true)
      this.#output.abandon()
      socket?.terminate()
      for (const answer of this.#answers) answer.destroy()
    })
  }
}
