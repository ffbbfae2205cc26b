import type { Logger } from 'pino'
import type { Refusals } from '../refusals.ts'
import type { Transport } from './server.ts'

export type EvacuationParts = {
  /** For how long the node has been cut off from the store, ms; 0: it is not. */
  cutOffMs: () => number
  /** RECONNECT_WINDOW, s. */
  window: number
  refusals: Refusals
  log: Logger
}

const tickMs = 250

/** A process that stood still for longer than this, ms, may only be late to learn that it is not cut off. */
const stallMs = 1000

/** How long such a process has for its next heartbeats, ms. */
const graceMs = 5000

/** Without a window participants of a dead node leave at once, and their clients log in anew: a window of this length, ms. */
const windowlessMs = 20_000

/**
 * Moves the clients of a node that is cut off from the store. The other nodes take it for dead when its lease has run out,
 * and the windows of its participants begin: each client is closed at engine level, so that its library reconnects,
 * between a quarter and a half of the window. New clients are refused as soon as the lease has run out.
 *
 * A store that is away for every node looks the same from here, and then no window runs. So no client is closed in the
 * first quarter, and the closing is spread over the second.
 */
export class Evacuation {
  readonly #transport: Transport
  readonly #parts: EvacuationParts
  readonly #startMs: number
  readonly #endMs: number
  #timer: NodeJS.Timeout | undefined
  #tickedAt = 0
  #graceUntil = 0
  #cutOff = false

  constructor(transport: Transport, parts: EvacuationParts) {
    this.#transport = transport
    this.#parts = parts
    const windowMs = parts.window > 0 ? parts.window * 1000 : windowlessMs
    this.#startMs = windowMs / 4
    this.#endMs = windowMs / 2
    transport.refuseWhile(() => parts.cutOffMs() > 0)
  }

  start(): void {
    this.#tickedAt = performance.now()
    this.#timer = setInterval(() => this.#tick(), tickMs).unref()
  }

  stop(): void {
    clearInterval(this.#timer)
  }

  #tick(): void {
    const now = performance.now()
    if (now - this.#tickedAt > stallMs) this.#graceUntil = now + graceMs
    this.#tickedAt = now
    const cutOffMs = this.#parts.cutOffMs()
    this.#tell(cutOffMs > 0)
    if (cutOffMs < this.#startMs || now < this.#graceUntil) return
    const connections = [...this.#transport.connections]
    const ticksLeft = Math.max(1, (this.#endMs - cutOffMs) / tickMs)
    for (const connection of connections.slice(0, Math.ceil(connections.length / ticksLeft))) {
      const { about, address, dialect } = connection
      this.#parts.refusals.note('cut_off', { dialect: dialect.name, ...about, address }, 'connection closed')
      connection.cut()
    }
  }

  /** Once for each change. */
  #tell(cutOff: boolean): void {
    if (cutOff === this.#cutOff) return
    this.#cutOff = cutOff
    const { log } = this.#parts
    const clients = this.#transport.clients
    const [afterMs, withinMs] = [this.#startMs, this.#endMs]
    if (cutOff)
      log.warn({ clients, afterMs, withinMs }, 'cut off from Redis: refuses clients, and will close those it has')
    else log.info({ clients }, 'not cut off from Redis any more: takes clients')
  }
}
