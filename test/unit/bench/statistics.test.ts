import { expect, test } from 'vitest'
import { median, pairwiseRatios, quantile, rotated, spreadOf } from '../../../bench/harness/statistics.ts'

test('the median of an odd number of values is the middle one, of an even number the mean of the two in the middle', () => {
  expect(median([9, 10, 1])).toBe(9)
  expect(median([10, 1, 9, 2])).toBe(5.5)
  expect(median([7])).toBe(7)
  expect(median([])).toBeNaN()
})

test('a spread has the median and the range, and leaves the values in their order', () => {
  const values = [3, 20, 1]
  expect(spreadOf(values)).toEqual({ median: 3, min: 1, max: 20 })
  expect(values).toEqual([3, 20, 1])
})

test('a quantile is a value of the list, at least as large as the share of the values', () => {
  const hundred = Array.from({ length: 100 }, (_, index) => 100 - index)
  expect([quantile(hundred, 0.5), quantile(hundred, 0.99), quantile(hundred, 1)]).toEqual([50, 99, 100])
  expect(quantile([4], 0.01)).toBe(4)
  expect(quantile([], 0.5)).toBeNaN()
})

test('ratios are computed from the values of the same round', () => {
  // the machine was slow in the second round; the ratio of the medians would be 2, or 0.5
  expect(pairwiseRatios([10, 40, 10], [20, 80, 20])).toEqual([0.5, 0.5, 0.5])
})

test('ratios of different numbers of rounds are refused', () => {
  expect(() => pairwiseRatios([1, 2], [1])).toThrow('2 rounds cannot be compared with 1')
})

test('in as many rounds as there are candidates, each candidate is measured once in each place', () => {
  const orders = [0, 1, 2, 3].map((round) => rotated(['a', 'b', 'c'], round).join(''))
  expect(orders).toEqual(['abc', 'bca', 'cab', 'abc'])
})
