import type { Socket as EngineSocket } from 'engine.io'
import type { PollingOutput } from './polling-output.ts'

/** Private parts of Engine.IO and ws that show whether a message has arrived. */
type PingableWebSocket = {
  ping(data: string): void
  on(event: 'pong', listener: (data: Buffer) => void): void
}
type PingableTransport = {
  name: string
  socket?: PingableWebSocket
  prependListener(event: 'ready', listener: () => void): void
}

/**
 * `position`: how many packets had been emitted when it was requested. `mark`: the number of the ping that confirms it; undefined
 * until that is sent.
 */
type Confirmation = { confirmed: () => void; position: number; mark: number | undefined }

/**
 * Finds out when one client has received everything that was emitted to it so far, on all of its namespaces. WebSocket frames are
 * ordered, and browsers answer protocol pings by themselves, but may answer only the newest (RFC 6455 5.5.2 and 5.5.3). So a
 * pong confirms everything before its ping. With long-polling a poll confirms everything in the answers to earlier polls. Each
 * connection has one listener per event, regardless of the number of open confirmations.
 */
export class DeliveryConfirmations {
  readonly #engine: EngineSocket
  readonly #output: PollingOutput
  /** In the order in which they were requested, so that a pong looks only at what it confirms. */
  readonly #open = new Set<Confirmation>()
  #unasked = false
  #lastMark = 0
  /** How many packets have been emitted. */
  #emitted: number

  constructor(engine: EngineSocket, output: PollingOutput) {
    this.#engine = engine
    this.#output = output
    this.#emitted = this.#waiting
    engine.on('packetCreate', () => {
      this.#emitted += 1
    })
    engine.on('drain', () => this.#ask())
    engine.on('upgrade', () => this.#upgraded())
    this.#listen()
  }

  /** How many confirmations were requested, and have neither arrived nor been withdrawn. */
  get open(): number {
    return this.#open.size
  }

  /**
   * Calls back when the client is known to have received everything emitted up to now. Does not call back if the connection
   * is lost first. Each requester has few confirmations open, so that their number stays small.
   * @returns withdraws the request
   */
  request(confirmed: () => void): () => void {
    const confirmation: Confirmation = { confirmed, position: this.#emitted, mark: undefined }
    this.#open.add(confirmation)
    this.#unasked = true
    this.#ask()
    return () => {
      this.#open.delete(confirmation)
    }
  }

  get #transport(): PingableTransport {
    return this.#engine.transport as unknown as PingableTransport
  }

  /** Packets that were emitted and not sent yet. */
  get #waiting(): number {
    const { writeBuffer } = this.#engine as unknown as { writeBuffer: unknown[] }
    return writeBuffer.length + this.#output.waiting
  }

  #listen(): void {
    const transport = this.#transport
    transport.socket?.on('pong', (data) => this.#confirm(deliveryStateOf(data)))
    if (transport.name === 'polling') {
      // before Engine.IO answers this poll: the poll does not confirm the packets of that answer
      transport.prependListener('ready', () => {
        if (transport === this.#transport) this.#polled()
      })
    }
  }

  /** A client that has upgraded to WebSocket no longer polls: the node sends it a ping instead. */
  #upgraded(): void {
    for (const confirmation of this.#open) confirmation.mark = undefined
    this.#unasked = this.#open.size > 0
    this.#listen()
    this.#ask()
  }

  /** The ping has to follow everything emitted. Engine.IO emits `drain` when the transport has taken all of it. */
  #ask(): void {
    const { socket } = this.#transport
    if (!socket || !this.#unasked || this.#waiting > 0 || this.#engine.readyState !== 'open') return
    this.#unasked = false
    this.#lastMark += 1
    for (const confirmation of this.#open) confirmation.mark ??= this.#lastMark
    socket.ping(`sb${this.#lastMark}`)
  }

  /** The client polls again, so it has received the earlier answers. */
  #polled(): void {
    const sent = this.#emitted - this.#waiting
    for (const confirmation of this.#open) {
      if (confirmation.position > sent) return
      this.#open.delete(confirmation)
      confirmation.confirmed()
    }
  }

  /** @param mark of the newest ping that has come back */
  #confirm(mark: number): void {
    if (mark > this.#lastMark) return // a pong that the client made up
    for (const confirmation of this.#open) {
      if (confirmation.mark === undefined || confirmation.mark > mark) return
      this.#open.delete(confirmation)
      confirmation.confirmed()
    }
  }
}

/** 0, which confirms nothing, for a pong that answers none of our pings. */
function deliveryStateOf(data: Buffer): number {
  const [, digits = 0] = /^sb(\d{1,15})$/.exec(data.toString('latin1')) ?? []
  return Number(digits)
}
