import { expect, test } from 'vitest'
import { ServerClock } from '../../../src/state/redis/server-clock.ts'

/** A clock whose server is `ahead` ms ahead of `performance.now()`. */
const clockAhead = (ahead: number) => {
  const clock = new ServerClock()
  const now = performance.now()
  clock.learn(Math.floor(now + ahead), now, now)
  return clock
}
const offsetOf = (clock: ServerClock) => (clock.now() ?? Number.NaN) - performance.now()

test('the clock is undefined before the first answer of the server', () => {
  expect(new ServerClock().now()).toBeUndefined()
})

test('the clock continues from the time of the server, whatever the wall clock reads', () => {
  expect(Math.abs(offsetOf(clockAhead(1_000_000)) - 1_000_000)).toBeLessThan(5)
})

test('a slow answer moves the estimate only into the range that the answer permits', () => {
  const clock = clockAhead(1_000_000)
  const now = performance.now()
  clock.learn(Math.floor(now + 1_000_000 - 900), now - 1000, now)
  expect(Math.abs(offsetOf(clock) - 1_000_000)).toBeLessThan(5)
  clock.learn(Math.floor(now + 1_000_000 - 900), now - 100, now)
  expect(Math.abs(offsetOf(clock) - (1_000_000 - 800))).toBeLessThan(5)
  expect(clock.steppedAt).toBe(Number.NEGATIVE_INFINITY)
})

test.each([-300_000, -60_000, 60_000, 300_000])('a step of %i ms is followed at once and recorded', (step) => {
  const clock = clockAhead(1_000_000)
  const now = performance.now()
  clock.learn(Math.floor(now + 1_000_000 + step), now, now)
  expect(Math.abs(offsetOf(clock) - (1_000_000 + step))).toBeLessThan(5)
  expect(clock.steppedAt).toBe(now)
  const { ahead, back } = clock.steps(60_000)
  expect(Math.abs(ahead - Math.max(0, step))).toBeLessThan(5)
  expect(Math.abs(back - Math.max(0, -step))).toBeLessThan(5)
  expect(clock.steps(0)).toEqual({ ahead: 0, back: 0 })
})
