import type { Logger } from 'pino'
import type { Metrics } from './metrics.ts'

/** What one reason may write a minute: whoever floods us is not to fill the disk as well. */
const maxLinesPerMinute = 20
const windowMs = 60_000

/**
 * Every refusal, by its reason: counted, and logged. Of one reason the first 20 in a minute have a line each at `info` or `error`,
 * the others at `debug`, and how many those were is told when the minute is over.
 */
export class RefusalLog {
  readonly #metrics: Metrics
  readonly #log: Logger
  readonly #counts = new Map<string, number>()
  #sum: NodeJS.Timeout | undefined

  constructor(metrics: Metrics, log: Logger) {
    this.#metrics = metrics
    this.#log = log
  }

  /**
   * @param reason one of few: it becomes a label of the metric
   * @param fault of the node or the store: its lines are errors
   */
  note(reason: string, about: object, message: string, fault?: Error): void {
    this.#metrics.refused.inc({ reason })
    const before = this.#counts.get(reason) ?? 0
    this.#counts.set(reason, before + 1)
    this.#sum ??= setTimeout(() => this.#sumUp(), windowMs).unref()
    const level = fault ? 'error' : 'info'
    this.#log[before < maxLinesPerMinute ? level : 'debug']({ reason, ...about, ...(fault && { err: fault }) }, message)
  }

  #sumUp(): void {
    this.#sum = undefined
    for (const [reason, count] of this.#counts) {
      const withheld = count - maxLinesPerMinute
      if (withheld > 0) this.#log.info({ reason, withheld }, 'refused, without a line each')
    }
    this.#counts.clear()
  }
}
