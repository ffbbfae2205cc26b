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

/** A tick later than this, ms, means that the process was suspended: its lease looks expired until its next heartbeat. */
const stallMs = 1000

/** How long evacuation pauses after a suspension, ms. */
const graceMs = 5000

/** The window assumed when RECONNECT_WINDOW is 0, ms: those clients cannot resume, and log in again. */
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
      log.warn(
        { clients, afterMs, withinMs },
        'cut off from Redis: the node refuses new clients and closes its own between afterMs and withinMs; see /readyz for the cause',
      )
    else log.info({ clients }, 'connected to Redis again: the node accepts clients')
  }
}
