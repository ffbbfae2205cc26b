import { expect, test } from 'vitest'
import { Histogram } from '../../load/histogram.ts'

const of = (values: number[]) => {
  const histogram = new Histogram()
  for (const value of values) histogram.note(value)
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
])('%#: quantile %d by nearest rank, within 1 %%', (values, part, expected) => {
  const found = of(values).quantile(part) ?? Number.NaN
  expect(Math.abs(found - expected)).toBeLessThanOrEqual(expected * 0.01)
})

test('of nothing there is none', () => {
  expect(new Histogram().quantile(0.5)).toBeUndefined()
})

test('what several took adds up to what one would have', () => {
  const [odd, even] = [of(upTo(1000).filter((n) => n % 2)), of(upTo(1000).filter((n) => n % 2 === 0))]
  const sum = new Histogram()
  for (const { buckets, max } of [odd.take(), even.take()]) sum.add(buckets, max)
  expect(sum.count).toBe(1000)
  for (const part of [0.01, 0.5, 0.99, 1]) expect(sum.quantile(part)).toBe(of(upTo(1000)).quantile(part))
  expect(odd.count).toBe(0)
})
