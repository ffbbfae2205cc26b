import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { CutOffDetector } from '../../../../src/core/cluster/cut-off-detector.ts'

beforeEach(() => void vi.useFakeTimers({ toFake: ['performance'] }))
afterEach(() => void vi.useRealTimers())

const yes = () => true
const no = () => false

/** A node whose lease of 6 s was extended 10 s ago. */
function expired(): CutOffDetector {
  const detector = new CutOffDetector(6000)
  detector.extended(performance.now())
  vi.advanceTimersByTime(10_000)
  return detector
}

test('a node that never had a lease, or has one, is not cut off', () => {
  const detector = new CutOffDetector(6000)
  vi.advanceTimersByTime(100_000)
  expect(detector.cutOffMs).toBe(0)
  detector.extended(performance.now())
  vi.advanceTimersByTime(6000)
  expect(detector.cutOffMs).toBe(0)
})

test('a node whose lease has expired is cut off, though other servers of the store answer', () => {
  const detector = expired()
  detector.answered(no)
  expect(detector.cutOffMs).toBe(4000)
})

test('an answer of the server with the leases counts for half a lease', () => {
  const detector = expired()
  detector.answered(yes)
  vi.advanceTimersByTime(3000)
  expect(detector.cutOffMs).toBe(0)
  vi.advanceTimersByTime(500)
  expect(detector.cutOffMs).toBe(500)
})
