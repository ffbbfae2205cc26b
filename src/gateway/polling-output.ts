import type { Socket as EngineSocket } from 'engine.io'
import { type EnginePacket, type EngineTransport, transportOf } from './engine-internals.ts'

/**
 * How many packets the node sends in one payload. python-engineio rejects a payload of 17 packets or more and closes the
 * connection; other libraries have limits of their own.
 */
export const maxPayloadPackets = 10

/** The memory that a packet takes besides its text. */
export const packetOverheadBytes = 128

/** The answer to a request for a connection that the node does not have, as Engine.IO gives it. */
const unknownSession = JSON.stringify({ code: 1, message: 'Session ID unknown' })

/**
 * Sends the packets of Engine.IO to a client that polls, in payloads of a limited number of packets. Further packets wait for the
 * next polls. It fails the poll instead of sending Engine.IO's close packet: after that packet some client libraries never
 * reconnect, because they take it for a decision of the application, but all of them reconnect when a poll fails. It replaces
 * `send` of the transport, because Engine.IO has neither a limit nor another way to close.
 */
export class PollingOutput {
  readonly #engine: EngineSocket
  readonly #transport: EngineTransport
  readonly #sendNow: (packets: EnginePacket[]) => void
  #waiting: EnginePacket[] = []
  #waitingBytes = 0

  /** Make it before other listeners of the same connection: waiting packets precede those that Engine.IO sends next. */
  constructor(engine: EngineSocket) {
    this.#engine = engine
    this.#transport = transportOf(engine)
    const transport = this.#transport
    this.#sendNow = transport.send.bind(transport)
    if (transport.name !== 'polling') return
    transport.send = (packets) => this.#send(packets)
    transport.prependListener('ready', () => {
      if (this.#waiting.length > 0) this.#send([])
    })
    engine.once('upgrade', (webSocket: EngineTransport) => {
      const packets = this.#take(Number.POSITIVE_INFINITY)
      if (packets.length > 0) webSocket.send(packets)
    })
    engine.once('close', () => this.#take(Number.POSITIVE_INFINITY))
  }

  /** How many packets wait for further polls. */
  get waiting(): number {
    return this.#waiting.length
  }

  /** The memory that these packets take. */
  get bytes(): number {
    return this.#waitingBytes
  }

  /** Ends a closing connection whose client does not poll any more. Waiting packets are discarded. */
  abandon(): void {
    this.#take(Number.POSITIVE_INFINITY)
    this.#endTransport()
  }

  #send(packets: EnginePacket[]): void {
    const transport = this.#transport
    transport.writable = false
    const isClose = packets.some(({ type }) => type === 'close')
    const isEmpty = packets.every(({ type }) => type === 'close' || type === 'noop')
    if (isClose || (isEmpty && transport.shouldClose && this.#waiting.length === 0)) this.#refusePoll()
    else {
      for (const packet of packets) this.#wait(packet)
      this.#sendPortion()
    }
  }

  #wait(packet: EnginePacket): void {
    this.#waiting.push(packet)
    this.#waitingBytes += bytesOf(packet)
  }

  #take(count: number): EnginePacket[] {
    const taken = this.#waiting.splice(0, count)
    for (const packet of taken) this.#waitingBytes -= bytesOf(packet)
    return taken
  }

  #sendPortion(): void {
    const transport = this.#transport
    const { shouldClose = null } = transport
    transport.shouldClose = null // or Engine.IO would append the close packet and end the transport
    this.#sendNow(this.#take(maxPayloadPackets))
    transport.shouldClose = shouldClose
  }

  /** Answers the waiting poll as every node answers for a connection that it does not have. */
  #refusePoll(): void {
    // after an upgrade the connection continues on the WebSocket, and only the poll ends
    if (this.#engine.upgraded) {
      this.#sendNow([{ type: 'noop' }])
      return
    }
    const { req, res } = this.#transport
    req?.cleanup?.()
    res?.writeHead(400, { 'Content-Type': 'application/json' }).end(unknownSession)
    this.#endTransport()
  }

  #endTransport(): void {
    const { shouldClose } = this.#transport
    this.#transport.shouldClose = null
    shouldClose?.()
  }
}

function bytesOf({ data }: EnginePacket): number {
  return packetOverheadBytes + (data?.length ?? 0)
}
