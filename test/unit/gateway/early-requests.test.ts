import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { EarlyRequests } from '../../../src/gateway/early-requests.ts'

const timeoutMs = 10_000
let early: EarlyRequests
let log: string[]

beforeEach(() => {
  vi.useFakeTimers()
  early = new EarlyRequests()
  log = []
})
afterEach(() => {
  vi.useRealTimers()
})

const wait = (name: number | string) =>
  early.wait(
    () => log.push(`served ${name}`),
    () => log.push(`refused ${name}`),
  )

test('serveAll serves each request once, in the order of arrival', () => {
  for (const name of [1, 2, 3]) wait(name)
  expect(log).toEqual([])
  early.serveAll()
  early.serveAll()
  early.refuseAll()
  vi.advanceTimersByTime(timeoutMs * 2)
  expect(log).toEqual(['served 1', 'served 2', 'served 3'])
})

test('refuseAll refuses each request once', () => {
  for (const name of [1, 2]) wait(name)
  early.refuseAll()
  early.serveAll()
  expect(log).toEqual(['refused 1', 'refused 2'])
})

test('100 requests wait, and one more is refused at once', () => {
  for (let name = 1; name <= 101; name += 1) wait(name)
  expect(log).toEqual(['refused 101'])
  early.serveAll()
  expect(log).toHaveLength(101)
  wait('later')
  expect(log).toHaveLength(101)
})

test('all requests are refused 10 s after the first one arrived', () => {
  wait(1)
  vi.advanceTimersByTime(timeoutMs - 1)
  wait(2)
  expect(log).toEqual([])
  vi.advanceTimersByTime(1)
  expect(log).toEqual(['refused 1', 'refused 2'])
})

test('the time starts again after requests were refused or served', () => {
  wait(1)
  vi.advanceTimersByTime(timeoutMs)
  wait(2)
  early.serveAll()
  wait(3)
  vi.advanceTimersByTime(timeoutMs - 1)
  expect(log).toEqual(['refused 1', 'served 2'])
  vi.advanceTimersByTime(1)
  expect(log).toEqual(['refused 1', 'served 2', 'refused 3'])
})

test('a request that arrives during serveAll waits for the next serveAll', () => {
  early.wait(
    () => wait('inner'),
    () => {},
  )
  early.serveAll()
  expect(log).toEqual([])
  early.serveAll()
  expect(log).toEqual(['served inner'])
})

test('the timer does not keep the process alive', () => {
  vi.useRealTimers()
  const before = process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length
  wait(1)
  expect(process.getActiveResourcesInfo().filter((name) => name === 'Timeout')).toHaveLength(before)
  early.refuseAll()
})
