/** Each bucket's upper bound is so much above its lower one: what is read of it is at most half of that off. */
const growth = 1.02
/** Everything below is the same, ms. */
const least = 0.05

/** Buckets as they are passed on: index and count in turn. */
export type Buckets = number[]

/** Durations in ms, kept as counts in buckets, so that a million take no more room than a thousand, and sums are exact. */
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

  /** The longest, exactly. 0 when there is none. */
  get max(): number {
    return this.#max
  }

  note(ms: number): void {
    const index = ms <= least ? 0 : Math.ceil(Math.log(ms / least) / Math.log(growth))
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

  /** By nearest rank, within 1 %. @param part from 0 to 1; 0.99 is the 99th percentile. Undefined when there is none */
  quantile(part: number): number | undefined {
    if (this.#count === 0) return undefined
    const rank = Math.max(1, Math.ceil(part * this.#count))
    let seen = 0
    for (const index of [...this.#buckets.keys()].sort((a, b) => a - b)) {
      seen += this.#buckets.get(index) ?? 0
      if (seen >= rank) return Math.min(this.#max, least * growth ** (index - 0.5))
    }
    return this.#max
  }

  /** What was noted since it was last taken. */
  take(): { buckets: Buckets; max: number } {
    const taken = { buckets: [...this.#buckets].flat(), max: this.#max }
    this.#buckets.clear()
    this.#count = 0
    this.#max = 0
    return taken
  }
}
