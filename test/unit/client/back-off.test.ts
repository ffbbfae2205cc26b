import { expect, test } from 'vitest'
import { BackOff } from '../../../src/client/back-off.ts'
import { Random } from '../../support/random.ts'

test('the bound of the delay doubles up to the cap, and is the base again after a reset', () => {
  const backOff = new BackOff({ baseMs: 100, capMs: 1500 }, () => 1 - Number.EPSILON)
  const bounds = () => Array.from({ length: 7 }, () => Math.round(backOff.next()))
  expect(bounds()).toEqual([100, 200, 400, 800, 1500, 1500, 1500])
  backOff.reset()
  expect(bounds()[0]).toBe(100)
})

test('delays are evenly distributed between 0 and the bound (full jitter)', () => {
  const random = new Random(7)
  const delays = Array.from({ length: 10_000 }, () => {
    const backOff = new BackOff({ baseMs: 100, capMs: 10_000 }, () => random.next())
    for (let attempt = 0; attempt < 3; attempt += 1) backOff.next()
    return backOff.next()
  })
  const bound = 800
  const tenths = Array.from({ length: 10 }, () => 0)
  for (const delay of delays)
    tenths[Math.floor((delay / bound) * 10)] = (tenths[Math.floor((delay / bound) * 10)] ?? 0) + 1
  expect(tenths).toHaveLength(10)
  for (const share of tenths) expect(share / delays.length).toBeCloseTo(0.1, 1)
  expect(Math.min(...delays)).toBeLessThan(bound * 0.01)
  expect(Math.max(...delays)).toBeGreaterThan(bound * 0.99)
})

test('the delay stays at the cap after a thousand failures', () => {
  const backOff = new BackOff({ baseMs: 250, capMs: 10_000 }, () => 0.5)
  for (let attempt = 0; attempt < 1000; attempt += 1) expect(backOff.next()).toBeLessThanOrEqual(5000)
})
