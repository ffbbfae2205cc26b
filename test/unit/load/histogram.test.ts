import { expect, test } from 'vitest'
import { Histogram } from '../../load/histogram.ts'

const of = (values: number[]) => {
  const histogram = new Histogram()
  for (const value of values) histogram.record(value)
  return histogram
}
const upTo = (last: number) => Array.from({ length: last }, (_, index) => index + 1)

test.each([
  [upTo(1000), 0.5, 500],
  [upTo(1000), 0.95, 950],
  [upTo(1000), 0.99, 990],
  [upTo(1000), 1, 1000],
  [[7], 0.5, 7],
  [[7], 0.99, 7],
  [[...Array(99).fill(2), 3000], 0.99, 2],
  [[...Array(98).fill(2), 3000, 3000], 0.99, 3000],
  [[0, 0, 0], 0.5, 0],
])('%#: the quantile %d is the nearest rank, within 1 %%', (values, fraction, expected) => {
  const found = of(values).quantile(fraction) ?? Number.NaN
  expect(Math.abs(found - expected)).toBeLessThanOrEqual(expected * 0.01)
})

test('an empty histogram has no quantile', () => {
  expect(new Histogram().quantile(0.5)).toBeUndefined()
})

test('the buckets of two histograms add up to those of one histogram with all durations', () => {
  const [odd, even] = [of(upTo(1000).filter((n) => n % 2)), of(upTo(1000).filter((n) => n % 2 === 0))]
  const sum = new Histogram()
  for (const { buckets, max } of [odd.take(), even.take()]) sum.add(buckets, max)
  expect(sum.count).toBe(1000)
  for (const fraction of [0.01, 0.5, 0.99, 1]) expect(sum.quantile(fraction)).toBe(of(upTo(1000)).quantile(fraction))
  expect(odd.count).toBe(0)
})
