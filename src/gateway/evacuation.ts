import type { Logger } from 'pino'
import { inBackground } from '../core/background.ts'
import type { RefusalLog } from '../observability/refusal-log.ts'
import type { Gateway } from './server.ts'

export type EvacuationDeps = {
  /** For how long the node has been cut off from the store, ms; 0: it is not. */
  cutOffMs: () => number
  /** Whether every other node answers that it is cut off too. */
  allCutOff: () => Promise<boolean>
  /** RECONNECT_WINDOW, s. */
  window: number
  refusals: RefusalLog
  failed: (error: unknown) => void
  log: Logger
}

const tickMs = 250

/** Two ticks further apart than this, ms, mean that the process was suspended. Its lease looks expired until its next heartbeat. */
const suspensionMs = 1000

/** How long no client is closed after a suspension, ms. */
const graceMs = 5000

/** The pause between two surveys of the other nodes, ms. */
const surveyPauseMs = 1000

/** The window assumed if RECONNECT_WINDOW is 0, ms. Clients cannot resume then, and log in again. */
const evacuationWithoutWindowMs = 20_000

/**
 * Moves the clients of a node that is cut off from the store to other nodes. When the lease of the node has run out, the other
 * nodes take it for dead and begin the windows of its participants. From then on the node refuses new clients. In the first
 * quarter of the window it closes no client, because failovers are over by then. In the second quarter it closes all of them, one
 * after the other, at engine level, so that their library reconnects.
 *
 * While no node reaches the store, no window runs and no node takes clients. So a node that is cut off asks the others at
 * once, and keeps its clients while all of them answer that they are cut off too. If another node reaches the store again before
 * this one does, the windows begin then.
 */
export class Evacuation {
  readonly #gateway: Gateway
  readonly #deps: EvacuationDeps
  readonly #startMs: number
  readonly #endMs: number
  #timer: NodeJS.Timeout | undefined
  #tickedAt = 0
  #graceUntil = 0
  #cutOff = false
  #surveying = false
  /** Whether a survey of the other nodes has ended since the node was cut off. */
  #surveyed = false
  #allCutOff = false
  /** When the last survey ended that found all others cut off, `performance.now()`. */
  #allCutOffAt = Number.NEGATIVE_INFINITY
  #nextSurveyAt = 0

  constructor(gateway: Gateway, deps: EvacuationDeps) {
    this.#gateway = gateway
    this.#deps = deps
    const windowMs = deps.window > 0 ? deps.window * 1000 : evacuationWithoutWindowMs
    this.#startMs = windowMs / 4
    this.#endMs = windowMs / 2
    gateway.refuseWhile(() => deps.cutOffMs() > 0)
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
    if (now - this.#tickedAt > suspensionMs) this.#graceUntil = now + graceMs
    this.#tickedAt = now
    const cutOffMs = this.#deps.cutOffMs()
    this.#setCutOff(cutOffMs > 0)
    if (cutOffMs === 0) this.#surveyed = this.#allCutOff = false
    else if (now >= this.#nextSurveyAt && !this.#surveying) inBackground(() => this.#survey(), this.#deps.failed)
    // for how long the others may have run the windows
    const aloneMs = Math.min(cutOffMs, now - this.#allCutOffAt)
    if (this.#surveyed && !this.#allCutOff && aloneMs >= this.#startMs && now >= this.#graceUntil)
      this.#closeDue(aloneMs)
  }

  /** Closes as many connections as it has to in each tick for the last one to be closed at `endMs`. */
  #closeDue(aloneMs: number): void {
    const connections = [...this.#gateway.connections]
    const ticksLeft = Math.max(1, (this.#endMs - aloneMs) / tickMs)
    for (const connection of connections.slice(0, Math.ceil(connections.length / ticksLeft))) {
      const { about, address, dialect } = connection
      this.#deps.refusals.note('cut_off', { dialect: dialect.name, ...about, address }, 'connection closed')
      connection.cut()
    }
  }

  async #survey(): Promise<void> {
    this.#surveying = true
    const allCutOff = await this.#deps.allCutOff().finally(() => {
      this.#surveying = false
      this.#nextSurveyAt = performance.now() + surveyPauseMs
    })
    if (!this.#cutOff) return
    this.#surveyed = true
    if (allCutOff) this.#allCutOffAt = performance.now()
    if (allCutOff === this.#allCutOff) return
    this.#allCutOff = allCutOff
    const message = allCutOff
      ? 'the other nodes are cut off from Redis too: the node keeps its clients'
      : 'another node may reach Redis again: the node closes its clients unless it reaches Redis too'
    this.#deps.log.warn({ clients: this.#gateway.clientCount }, message)
  }

  /** Logs each change once. */
  #setCutOff(cutOff: boolean): void {
    if (cutOff === this.#cutOff) return
    this.#cutOff = cutOff
    const { log } = this.#deps
    const clients = this.#gateway.clientCount
    const [afterMs, withinMs] = [this.#startMs, this.#endMs]
    if (cutOff)
      log.warn(
        { clients, afterMs, withinMs },
        'cut off from Redis: the node refuses new clients and closes its own between afterMs and withinMs, unless the other nodes are cut off too; see /readyz for the cause',
      )
    else log.info({ clients }, 'no longer cut off from Redis: the node accepts clients')
  }
}
