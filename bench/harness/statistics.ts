/** The middle of several values and their range. */
export type Spread = { median: number; min: number; max: number }

/** NaN without values. With an even number of values it is the mean of the two in the middle. */
export function median(values: number[]): number {
  const sorted = values.toSorted((a, b) => a - b)
  const middle = sorted.length >> 1
  const [lower = Number.NaN, upper = Number.NaN] = [sorted[middle - 1], sorted[middle]]
  return sorted.length % 2 === 1 ? upper : (lower + upper) / 2
}

export function spreadOf(values: number[]): Spread {
  return { median: median(values), min: Math.min(...values), max: Math.max(...values) }
}

/** The smallest value that is at least as large as this share of the values. NaN without values. */
export function quantile(values: number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b)
  return sorted[Math.max(0, Math.ceil(sorted.length * share) - 1)] ?? Number.NaN
}

/**
 * The ratios of the values of the same round. The load of the machine varies from round to round; two values of one round
 * were measured shortly after each other.
 */
export function pairwiseRatios(values: number[], others: number[]): number[] {
  if (values.length !== others.length)
    throw new Error(`${values.length} rounds cannot be compared with ${others.length}`)
  return values.map((value, round) => value / (others[round] as number))
}

/** The order of a round: each round begins with another candidate, so that all take every place in turn. */
export function rotated<T>(items: T[], round: number): T[] {
  const first = items.length === 0 ? 0 : round % items.length
  return [...items.slice(first), ...items.slice(0, first)]
}
