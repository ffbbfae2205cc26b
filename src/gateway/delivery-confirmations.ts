import type { Socket as EngineSocket } from 'engine.io'
import { type EngineTransport, internalsOf, transportOf } from './engine-internals.ts'
import type { PollingOutput } from './polling-output.ts'

/**
 * `position`: the number of packets emitted before it was requested. `ping`: the number of the ping that confirms it; undefined
 * until the node has sent that.
 */
type Confirmation = { confirmed: () => void; position: number; ping: number | undefined }

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
  #needsPing = false
  #lastPing = 0
  /** How many packets have been emitted. */
  #emitted: number

  constructor(engine: EngineSocket, output: PollingOutput) {
    this.#engine = engine
    this.#output = output
    this.#emitted = this.#waiting
    engine.on('packetCreate', () => {
      this.#emitted += 1
    })
    engine.on('drain', () => this.#sendPing())
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
    const confirmation: Confirmation = { confirmed, position: this.#emitted, ping: undefined }
    this.#open.add(confirmation)
    this.#needsPing = true
    this.#sendPing()
    return () => {
      this.#open.delete(confirmation)
    }
  }

  get #transport(): EngineTransport {
    return transportOf(this.#engine)
  }

  /** Packets that were emitted and not sent yet. */
  get #waiting(): number {
    return internalsOf(this.#engine).writeBuffer.length + this.#output.waiting
  }

  #listen(): void {
    const transport = this.#transport
    transport.socket?.on('pong', (data) => this.#confirm(pingNumberOf(data)))
    if (transport.name === 'polling') {
      // before Engine.IO answers this poll: the poll does not confirm the packets of that answer
      transport.prependListener('ready', () => {
        if (transport === this.#transport) this.#polled()
      })
    }
  }

  /** A client that has upgraded to WebSocket no longer polls: the node sends it a ping instead. */
  #upgraded(): void {
    for (const confirmation of this.#open) confirmation.ping = undefined
    this.#needsPing = this.#open.size > 0
    this.#listen()
    this.#sendPing()
  }

  /** The ping has to follow everything emitted. Engine.IO emits `drain` when the transport has taken all of it. */
  #sendPing(): void {
    const { socket } = this.#transport
    if (!socket || !this.#needsPing || this.#waiting > 0 || this.#engine.readyState !== 'open') return
    this.#needsPing = false
    this.#lastPing += 1
    for (const confirmation of this.#open) confirmation.ping ??= this.#lastPing
    socket.ping(`sb${this.#lastPing}`)
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

  /** @param ping the number of the newest ping that was answered */
  #confirm(ping: number): void {
    if (ping > this.#lastPing) return // the client has made up this pong
    for (const confirmation of this.#open) {
      if (confirmation.ping === undefined || confirmation.ping > ping) return
      this.#open.delete(confirmation)
      confirmation.confirmed()
    }
  }
}

/** The number of the node's ping that a pong answers; 0, which confirms nothing, for any other pong. */
function pingNumberOf(data: Buffer): number {
  const [, digits = 0] = /^sb(\d{1,15})$/.exec(data.toString('latin1')) ?? []
  return Number(digits)
}
