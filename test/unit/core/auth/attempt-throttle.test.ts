import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { Throttle } from '../../../../src/core/auth/attempt-throttle.ts'

beforeEach(() => void vi.useFakeTimers({ toFake: ['setTimeout', 'performance'] }))
afterEach(() => void vi.useRealTimers())

/** The delay of a refusal, ms; undefined if it is not delayed. */
async function waitOf(throttle: Throttle, ...keys: string[]): Promise<number | undefined> {
  const start = performance.now()
  const notifications = throttle.delayRefusal(keys).then((held) => (held ? performance.now() - start : undefined))
  await vi.runAllTimersAsync()
  return notifications
}

test('the first failures cause no delay, each further one twice as long, up to ten seconds', async () => {
  const throttle = new Throttle(2)
  const waits: (number | undefined)[] = []
  for (let tries = 0; tries < 11; tries += 1) waits.push(await waitOf(throttle, 'ann'))
  expect(waits).toEqual([undefined, undefined, 200, 400, 800, 1600, 3200, 6400, 10_000, 10_000, 10_000])
})

test('the key with the most failures decides, and each key is counted', async () => {
  const throttle = new Throttle(1)
  expect(await waitOf(throttle, 'here')).toBeUndefined()
  expect(await waitOf(throttle, 'there')).toBeUndefined()
  expect(await waitOf(throttle, 'here', 'ann')).toBe(200)
  expect(await waitOf(throttle, 'there', 'ann')).toBe(200)
  expect(await waitOf(throttle, 'ann')).toBe(400)
})

test('failures are forgotten after a minute without one', async () => {
  const throttle = new Throttle(0)
  expect(await waitOf(throttle, 'ann')).toBe(200)
  vi.advanceTimersByTime(59_799)
  expect(await waitOf(throttle, 'ann')).toBe(400)
  vi.advanceTimersByTime(60_000)
  expect(await waitOf(throttle, 'ann')).toBe(200)
})

test('at most a thousand refusals are delayed at a time, and further ones are not', async () => {
  const throttle = new Throttle(0)
  const held = Array.from({ length: 1000 }, (_, index) => throttle.delayRefusal([`${index}`]))
  const heldBack = vi.advanceTimersByTimeAsync(0).then(() => 'held back')
  expect(await Promise.race([throttle.delayRefusal(['one more']), heldBack])).toBe(false)
  await vi.advanceTimersByTimeAsync(200)
  expect(new Set(await Promise.all(held))).toEqual(new Set([true]))
  expect(await waitOf(throttle, 'one more')).toBe(400)
})

test('of 20 000 remembered keys the one with the oldest failure is forgotten first', async () => {
  const throttle = new Throttle(2)
  const fail = (key: string) => throttle.delayRefusal([key])
  for (const key of ['ann', 'bob', 'ann']) await fail(key)
  for (let index = 0; index < 19_999; index += 1) await fail(`${index}`)
  expect(await waitOf(throttle, 'ann')).toBe(200)
  await fail('bob')
  expect(await waitOf(throttle, 'bob')).toBeUndefined()
})
