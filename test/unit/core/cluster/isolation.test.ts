import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { Isolation } from '../../../../src/core/cluster/isolation.ts'

beforeEach(() => void vi.useFakeTimers({ toFake: ['performance'] }))
afterEach(() => void vi.useRealTimers())

const yes = () => true
const no = () => false

/** A node whose lease of 6 s was extended 10 s ago. */
function expired(): Isolation {
  const isolation = new Isolation(6000)
  isolation.extended(performance.now())
  vi.advanceTimersByTime(10_000)
  return isolation
}

test('a node that never had a lease, or has one, is not cut off', () => {
  const isolation = new Isolation(6000)
  vi.advanceTimersByTime(100_000)
  expect(isolation.ms).toBe(0)
  isolation.extended(performance.now())
  vi.advanceTimersByTime(6000)
  expect(isolation.ms).toBe(0)
})

test('a node whose lease has expired is cut off, though other servers of the store answer', () => {
  const isolation = expired()
  isolation.answered(no)
  expect(isolation.ms).toBe(4000)
})

test('an answer of the server with the leases counts for half a lease', () => {
  const isolation = expired()
  isolation.answered(yes)
  vi.advanceTimersByTime(3000)
  expect(isolation.ms).toBe(0)
  vi.advanceTimersByTime(500)
  expect(isolation.ms).toBe(500)
})
