/** A bucket's upper bound divided by its lower bound. A quantile is off by half of the excess at most. */
const bucketGrowth = 1.02
/** All shorter durations share the first bucket. */
const lowestBucketMs = 0.05

/** Serialized buckets: index, count, index, count … */
export type Buckets = number[]

/** Durations in ms, counted in buckets: the size does not depend on their number, and histograms add up exactly. */
export class Histogram {
  #count = 0
  #max = 0
  readonly #buckets = new Map<number, number>()

  static of(buckets: Buckets, max: number): Histogram {
    const histogram = new Histogram()
    histogram.add(buckets, max)
    return histogram
  }

  get count(): number {
    return this.#count
  }

  /** The longest duration, exactly; 0 when there is none. */
  get max(): number {
    return this.#max
  }

  record(ms: number): void {
    const index = ms <= lowestBucketMs ? 0 : Math.ceil(Math.log(ms / lowestBucketMs) / Math.log(bucketGrowth))
    this.#count += 1
    this.#max = Math.max(this.#max, ms)
    this.#buckets.set(index, (this.#buckets.get(index) ?? 0) + 1)
  }

  add(buckets: Buckets, max: number): void {
    for (let at = 0; at + 1 < buckets.length; at += 2) {
      const [index = 0, count = 0] = [buckets[at], buckets[at + 1]]
      this.#buckets.set(index, (this.#buckets.get(index) ?? 0) + count)
      this.#count += count
    }
    this.#max = Math.max(this.#max, max)
  }

  /** By nearest rank, within 1 %. @param fraction 0.99 is the 99th percentile @returns undefined when there are no durations */
  quantile(fraction: number): number | undefined {
    if (this.#count === 0) return undefined
    const rank = Math.max(1, Math.ceil(fraction * this.#count))
    let seen = 0
    for (const index of [...this.#buckets.keys()].sort((a, b) => a - b)) {
      seen += this.#buckets.get(index) ?? 0
      if (seen >= rank) return Math.min(this.#max, lowestBucketMs * bucketGrowth ** (index - 0.5))
    }
    return this.#max
  }

  /** Returns the buckets and empties the histogram. */
  take(): { buckets: Buckets; max: number } {
    const taken = { buckets: [...this.#buckets].flat(), max: this.#max }
    this.#buckets.clear()
    this.#count = 0
    this.#max = 0
    return taken
  }
}
