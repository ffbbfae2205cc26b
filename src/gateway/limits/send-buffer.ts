import type { ServerResponse } from 'node:http'
import type { Socket as EngineSocket } from 'engine.io'
import { type EngineTransport, transportOf } from '../engine-internals.ts'
import { maxPayloadPackets, type PollingOutput, packetOverheadBytes } from '../polling-output.ts'

export type SendBufferEvents = {
  /** The node has sent more to a client that has not read everything. */
  grown: (bytes: number) => void
  /** The client has more unread bytes than the maximum, so the node closes the connection. Called once. */
  exceeded: (bytes: number) => void
}

/** The output that a client has not read, in bytes: the text of the packets, and the overhead of each. */
export class SendBuffer {
  readonly #engine: EngineSocket
  readonly #output: PollingOutput
  readonly #maxBytes: number
  readonly #events: SendBufferEvents
  /** Bytes that Engine.IO has not passed to the transport yet. */
  #waiting = 0
  /** The overhead of the packets that the transport has taken last, until the client has read them. */
  #overhead = 0
  /** With long-polling: the answers that the client may not have read. */
  readonly #answers = new Set<ServerResponse>()
  /** Bytes of notifications that wait for the ack of a request. */
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

  /** Counts the answer to a poll until the client has read it, even if the client polls again before. */
  countAnswer(response: ServerResponse): void {
    this.#answers.add(response)
    response.once('close', () => this.#answers.delete(response))
  }

  /** Counts notifications that wait for the ack of a request. `bytes` is negative when they are sent. */
  countHeld(bytes: number): void {
    this.#held += bytes
    if (bytes < 0) return
    this.#events.grown(bytes)
    if (this.bytes > this.#maxBytes) this.abandon()
  }

  /** Resolves when a replay may continue; undefined if it may continue now. A replay fills at most a quarter of the maximum. */
  writable(): Promise<void> | undefined {
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

  /** Closes the connection without waiting for the client to read. */
  terminate(): void {
    // later, because Engine.IO may be sending now
    queueMicrotask(() => {
      const { socket } = this.#transport
      this.#engine.close(true)
      this.#output.abandon()
      socket?.terminate()
      for (const answer of this.#answers) answer.destroy()
    })
  }
}
