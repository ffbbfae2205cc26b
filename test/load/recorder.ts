import {
  type Counter,
  type Counts,
  counted,
  type Sample,
  type Standing,
  type Timing,
  timed,
  zeroCounts,
} from './counters.ts'
import { Histogram } from './histogram.ts'

export type Percentiles = { count: number; p50: number; p95: number; p99: number; max: number }

/** One second of a run, as all workers saw it. */
export type Row = {
  /** Since the run began, s. */
  at: number
  standing: Standing
  /** What happened in it, a second. */
  pace: Counts
  times: { [timing in Timing]?: Percentiles }
  /** Cores that the making of the load took. */
  generator: number
}

/** A run from its beginning on. */
export type Totals = {
  counts: Counts
  times: { [timing in Timing]?: Percentiles }
  most: { users: number }
  /** Receipts that were still to come when the last was told. */
  pending: number
  incidents: string[]
}

const nobody = (): Standing => ({ users: 0, away: 0, pending: 0, missing: 0 })
const histograms = () => new Map<Timing, Histogram>(timed.map((timing) => [timing, new Histogram()]))

/** Puts together what the workers tell, a row for each second. */
export class Recorder {
  readonly rows: Row[] = []
  readonly #latest = new Map<number, Sample>()
  readonly #all = histograms()
  #recent = histograms()
  #before: { at: number; counts: Counts; cpu: number } = { at: 0, counts: zeroCounts(), cpu: 0 }

  take(sample: Sample, worker: number): void {
    this.#latest.set(worker, sample)
    for (const timing of timed) {
      const { buckets, max } = sample.times[timing]
      this.#all.get(timing)?.add(buckets, max)
      this.#recent.get(timing)?.add(buckets, max)
    }
  }

  /** @param at since the run began, s */
  tick(at: number): Row {
    const counts = this.counts
    // of threads of one process each tells the whole of it
    const cpu = Math.max(0, ...[...this.#latest.values()].map((sample) => sample.cpu))
    const seconds = Math.max(0.001, at - this.#before.at)
    const pace = { ...counts }
    for (const counter of counted) pace[counter] = (counts[counter] - this.#before.counts[counter]) / seconds
    const generator = this.rows.length === 0 ? 0 : (cpu - this.#before.cpu) / seconds
    const row = { at, standing: this.standing, pace, times: percentilesOf(this.#recent), generator }
    this.#before = { at, counts, cpu }
    this.#recent = histograms()
    this.rows.push(row)
    return row
  }

  get standing(): Standing {
    const sum = nobody()
    for (const { standing } of this.#latest.values()) {
      sum.users += standing.users
      sum.away += standing.away
      sum.pending += standing.pending
      sum.missing += standing.missing
    }
    return sum
  }

  get counts(): Counts {
    const sum = zeroCounts()
    for (const { counts } of this.#latest.values()) {
      for (const counter of counted) sum[counter as Counter] += counts[counter]
    }
    return sum
  }

  totals(): Totals {
    return {
      counts: this.counts,
      times: percentilesOf(this.#all),
      most: { users: Math.max(0, ...this.rows.map(({ standing }) => standing.users)) },
      pending: this.standing.pending,
      incidents: [...this.#latest.values()].flatMap(({ incidents, unheard }) => [...incidents, ...unheard]),
    }
  }
}

function percentilesOf(all: Map<Timing, Histogram>): { [timing in Timing]?: Percentiles } {
  const found: { [timing in Timing]?: Percentiles } = {}
  for (const [timing, histogram] of all) {
    const [p50, p95, p99] = [0.5, 0.95, 0.99].map((part) => histogram.quantile(part))
    if (p50 === undefined || p95 === undefined || p99 === undefined) continue
    found[timing] = { count: histogram.count, p50, p95, p99, max: histogram.max }
  }
  return found
}
