import type { Socket as EngineSocket } from 'engine.io'
import type { PollingOutput } from './polling-output.ts'

/** Private parts of Engine.IO and ws that show whether a message has arrived. */
type WebSocketLike = {
  ping(data: string): void
  on(event: 'pong', listener: (data: Buffer) => void): void
}
type TransportLike = {
  name: string
  socket?: WebSocketLike
  prependListener(event: 'ready', listener: () => void): void
}

/** `mark`: the number of the ping or poll that confirms it; undefined until that is sent. */
type Confirmation = { confirmed: () => void; mark: number | undefined }

/**
 * Finds out when one client has everything that was emitted to it so far, on any of its namespaces. WebSocket frames are
 * ordered and browsers answer protocol pings by themselves, also only the newest of several (RFC 6455 5.5.2 and 5.5.3):
 * a pong confirms what its ping and those before it were sent for. With long-polling the next poll does, once the
 * response is written. Each connection has one listener per event, regardless of the number of open confirmations.
 */
export class DeliveryConfirmations {
  readonly #engine: EngineSocket
  readonly #output: PollingOutput
  /** In the order in which they were requested, so that a pong looks only at what it confirms. */
  readonly #open = new Set<Confirmation>()
  #unasked = false
  #lastMark = 0

  constructor(engine: EngineSocket, output: PollingOutput) {
    this.#engine = engine
    this.#output = output
    engine.on('drain', () => this.#ask())
    output.onDrained(() => this.#ask())
    engine.on('upgrade', () => this.#upgraded())
    this.#listen()
  }

  /** How many confirmations have been requested and neither came nor were withdrawn. */
  get open(): number {
    return this.#open.size
  }

  /**
   * Calls back once the client is known to have everything that was emitted up to now. Does not call back if the connection
   * is lost first. Each requester has at most one confirmation open, so that their number stays small.
   * @returns withdraws the request
   */
  request(confirmed: () => void): () => void {
    const confirmation: Confirmation = { confirmed, mark: undefined }
    this.#open.add(confirmation)
    this.#unasked = true
    this.#ask()
    return () => {
      this.#open.delete(confirmation)
    }
  }

  get #transport(): TransportLike {
    return this.#engine.transport as unknown as TransportLike
  }

  #listen(): void {
    const transport = this.#transport
    transport.socket?.on('pong', (data) => this.#confirm(markOf(data)))
    if (transport.name === 'polling') {
      // before Engine.IO answers the poll with what was emitted meanwhile, which this poll does not confirm
      transport.prependListener('ready', () => {
        if (transport === this.#transport) this.#confirm(this.#lastMark)
      })
    }
  }

  /** A client that has upgraded to WebSocket polls no more: it is asked there instead. */
  #upgraded(): void {
    for (const confirmation of this.#open) confirmation.mark = undefined
    this.#unasked = this.#open.size > 0
    this.#listen()
    this.#ask()
  }

  /** Everything emitted has to be handed to the transport first; Engine.IO says `drain` when it is. */
  #ask(): void {
    const { writeBuffer } = this.#engine as unknown as { writeBuffer: unknown[] }
    if (!this.#unasked || writeBuffer.length > 0 || this.#output.bytes > 0 || this.#engine.readyState !== 'open') return
    this.#unasked = false
    this.#lastMark += 1
    for (const confirmation of this.#open) confirmation.mark ??= this.#lastMark
    this.#transport.socket?.ping(`sb${this.#lastMark}`)
  }

  /** @param mark of the newest ping or poll that has come back */
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
function markOf(data: Buffer): number {
  const [, digits = 0] = /^sb(\d{1,15})$/.exec(data.toString('latin1')) ?? []
  return Number(digits)
}
