import type { Logger } from 'pino'
import { inBackground } from '../core/background.ts'
import type { Refusals } from '../refusals.ts'
import type { Transport } from './server.ts'

export type EvacuationParts = {
  /** For how long the node has been cut off from the store, ms; 0: it is not. */
  cutOffMs: () => number
  /** Whether every other node is cut off too, as far as they say. */
  allCutOff: () => Promise<boolean>
  /** RECONNECT_WINDOW, s. */
  window: number
  refusals: Refusals
  failed: (error: unknown) => void
  log: Logger
}

const tickMs = 250

/** A tick later than this, ms, means that the process was suspended: its lease looks expired until its next heartbeat. */
const stallMs = 1000

/** How long evacuation pauses after a suspension, ms. */
const graceMs = 5000

/** The pause between two surveys of the other nodes, ms. */
const surveyPauseMs = 1000

/** The window assumed when RECONNECT_WINDOW is 0, ms: those clients cannot resume, and log in again. */
const windowlessMs = 20_000

/**
 * Moves the clients of a node that is cut off from the store. The other nodes take it for dead when its lease has run out,
 * and the windows of its participants begin: each client is closed at engine level, so that its library reconnects,
 * between a quarter and a half of the window. New clients are refused as soon as the lease has run out.
 *
 * While the store is away for every node, no window runs and no node takes clients. So the node asks the others from the
 * beginning, and keeps its clients while all of them say that they are cut off too. Otherwise it closes none in the first
 * quarter, because failovers are over by then, and spreads the closing over the second. If the others reach the store again
 * before this node does, the windows begin then.
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
  #surveying = false
  /** Whether the others have answered since the node was cut off. */
  #surveyed = false
  #allCutOff = false
  /** When the others were last found to be cut off too. */
  #allCutOffAt = Number.NEGATIVE_INFINITY
  #nextSurveyAt = 0

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
    if (cutOffMs === 0) this.#surveyed = this.#allCutOff = false
    else if (now >= this.#nextSurveyAt && !this.#surveying) inBackground(() => this.#survey(), this.#parts.failed)
    const aloneMs = Math.min(cutOffMs, now - this.#allCutOffAt)
    if (this.#surveyed && !this.#allCutOff && aloneMs >= this.#startMs && now >= this.#graceUntil) this.#close(aloneMs)
  }

  /** Closes the part of the connections that is due `aloneMs` after the windows may have begun. */
  #close(aloneMs: number): void {
    const connections = [...this.#transport.connections]
    const ticksLeft = Math.max(1, (this.#endMs - aloneMs) / tickMs)
    for (const connection of connections.slice(0, Math.ceil(connections.length / ticksLeft))) {
      const { about, address, dialect } = connection
      this.#parts.refusals.note('cut_off', { dialect: dialect.name, ...about, address }, 'connection closed')
      connection.cut()
    }
  }

  async #survey(): Promise<void> {
    this.#surveying = true
    const allCutOff = await this.#parts.allCutOff().finally(() => {
      this.#surveying = false
      this.#nextSurveyAt = performance.now() + surveyPauseMs
    })
    if (!this.#cutOff) return
    this.#surveyed = true
    if (allCutOff) this.#allCutOffAt = performance.now()
    if (allCutOff === this.#allCutOff) return
    this.#allCutOff = allCutOff
    const words = allCutOff
      ? 'the other nodes are cut off from Redis too: the node keeps its clients'
      : 'another node may reach Redis again: the node closes its clients unless it reaches Redis too'
    this.#parts.log.warn({ clients: this.#transport.clients }, words)
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
        'cut off from Redis: the node refuses new clients and closes its own between afterMs and withinMs, unless the other nodes are cut off too; see /readyz for the cause',
      )
    else log.info({ clients }, 'connected to Redis again: the node accepts clients')
  }
}
