import type { Logger } from 'pino'
import type { Metrics } from './metrics.ts'

/** The lines of one reason in a minute: a client that floods a node must not fill its disk. */
const maxLinesPerMinute = 20
const windowMs = 60_000

/**
 * Counts and logs refusals by reason. The first 20 of one reason in a minute have a line each, at `info` or `error`. The others have
 * one at `debug`, and a line at `info` says at the end of the minute how many they were.
 */
export class RefusalLog {
  readonly #metrics: Metrics
  readonly #log: Logger
  readonly #counts = new Map<string, number>()
  #summary: NodeJS.Timeout | undefined

  constructor(metrics: Metrics, log: Logger) {
    this.#metrics = metrics
    this.#log = log
  }

  /**
   * @param reason a label of the metric, so its values must be few
   * @param fault the error, if the node or the store is at fault: the line has the level `error`
   */
  note(reason: string, about: object, message: string, fault?: Error): void {
    this.#metrics.refused.inc({ reason })
    const before = this.#counts.get(reason) ?? 0
    this.#counts.set(reason, before + 1)
    this.#summary ??= setTimeout(() => this.#summarize(), windowMs).unref()
    const level = fault ? 'error' : 'info'
    this.#log[before < maxLinesPerMinute ? level : 'debug']({ reason, ...about, ...(fault && { err: fault }) }, message)
  }

  #summarize(): void {
    this.#summary = undefined
    for (const [reason, count] of this.#counts) {
      const withheld = count - maxLinesPerMinute
      if (withheld > 0)
        this.#log.info({ reason, withheld }, 'further refusals in the last minute, logged at debug only')
    }
    this.#counts.clear()
  }
}
