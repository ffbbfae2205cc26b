import {
  type Counter,
  type Counts,
  counters,
  type LoadState,
  type Sample,
  type Timing,
  timings,
  zeroCounts,
} from './counters.ts'
import { Histogram } from './histogram.ts'

export type Percentiles = { count: number; p50: number; p95: number; p99: number; max: number }

/** One second of a run, summed over all workers. */
export type Row = {
  /** Since the run began, s. */
  at: number
  state: LoadState
  /** The increase of each counter, per second. */
  perSecond: Counts
  times: { [timing in Timing]?: Percentiles }
  /** Cores that the load generator used. */
  generator: number
}

/** The run so far. */
export type Totals = {
  counts: Counts
  times: { [timing in Timing]?: Percentiles }
  peak: { users: number }
  /** Receipts that were pending in the last samples. */
  pending: number
  incidents: string[]
}

const emptyState = (): LoadState => ({ users: 0, disconnected: 0, pending: 0, missing: 0 })
const histograms = () => new Map<Timing, Histogram>(timings.map((timing) => [timing, new Histogram()]))

/** Sums up the samples of the workers, one row per second. */
export class Recorder {
  readonly rows: Row[] = []
  readonly #latest = new Map<number, Sample>()
  readonly #all = histograms()
  #recent = histograms()
  #previous: { at: number; counts: Counts; cpu: number } = { at: 0, counts: zeroCounts(), cpu: 0 }

  take(sample: Sample, worker: number): void {
    this.#latest.set(worker, sample)
    for (const timing of timings) {
      const { buckets, max } = sample.times[timing]
      this.#all.get(timing)?.add(buckets, max)
      this.#recent.get(timing)?.add(buckets, max)
    }
  }

  /** @param at since the run began, s */
  tick(at: number): Row {
    const counts = this.counts
    // workers are threads of one process, and each reports the CPU time of the whole process
    const cpu = Math.max(0, ...[...this.#latest.values()].map((sample) => sample.cpu))
    const seconds = Math.max(0.001, at - this.#previous.at)
    const perSecond = { ...counts }
    for (const counter of counters) perSecond[counter] = (counts[counter] - this.#previous.counts[counter]) / seconds
    const generator = this.rows.length === 0 ? 0 : (cpu - this.#previous.cpu) / seconds
    const row = { at, state: this.state, perSecond, times: percentilesOf(this.#recent), generator }
    this.#previous = { at, counts, cpu }
    this.#recent = histograms()
    this.rows.push(row)
    return row
  }

  get state(): LoadState {
    const sum = emptyState()
    for (const { state } of this.#latest.values()) {
      sum.users += state.users
      sum.disconnected += state.disconnected
      sum.pending += state.pending
      sum.missing += state.missing
    }
    return sum
  }

  get counts(): Counts {
    const sum = zeroCounts()
    for (const { counts } of this.#latest.values()) {
      for (const counter of counters) sum[counter as Counter] += counts[counter]
    }
    return sum
  }

  totals(): Totals {
    return {
      counts: this.counts,
      times: percentilesOf(this.#all),
      peak: { users: Math.max(0, ...this.rows.map(({ state }) => state.users)) },
      pending: this.state.pending,
      incidents: [...this.#latest.values()].flatMap(({ incidents, undelivered: unheard }) => [
        ...incidents,
        ...unheard,
      ]),
    }
  }
}

function percentilesOf(all: Map<Timing, Histogram>): { [timing in Timing]?: Percentiles } {
  const found: { [timing in Timing]?: Percentiles } = {}
  for (const [timing, histogram] of all) {
    const [p50, p95, p99] = [0.5, 0.95, 0.99].map((fraction) => histogram.quantile(fraction))
    if (p50 === undefined || p95 === undefined || p99 === undefined) continue
    found[timing] = { count: histogram.count, p50, p95, p99, max: histogram.max }
  }
  return found
}
