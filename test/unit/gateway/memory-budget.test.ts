import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import type { BudgetHolder } from '../../../src/core/ports/memory-budget.ts'
import { NodeMemoryBudget } from '../../../src/gateway/limits/memory-budget.ts'

class Holder implements BudgetHolder {
  shedCalls: ('all' | 'unread')[] = []
  unreadBytes: number
  requestBytes: number
  partialBytes: number

  constructor({ unread = 0, requests = 0, partial = 0 }) {
    this.unreadBytes = unread
    this.requestBytes = requests
    this.partialBytes = partial
  }

  get bytes(): number {
    return this.unreadBytes + this.requestBytes + this.partialBytes
  }

  shed(): number {
    this.shedCalls.push('all')
    const { bytes } = this
    this.unreadBytes = this.requestBytes = this.partialBytes = 0
    return bytes
  }

  shedUnread(): number {
    this.shedCalls.push('unread')
    const bytes = this.unreadBytes
    this.unreadBytes = 0
    return bytes
  }
}

let budget: NodeMemoryBudget
const million = 1_000_000

beforeEach(() => {
  vi.useFakeTimers()
  budget = new NodeMemoryBudget(10 * million)
})
afterEach(() => {
  budget.close()
  vi.useRealTimers()
})

/** Adds clients that hold these bytes, and reports their growth in this order. */
function holding(...sizes: { unread?: number; requests?: number; partial?: number }[]): Holder[] {
  const holders = sizes.map((size) => new Holder(size))
  for (const holder of holders) budget.add(holder)
  for (const holder of holders) budget.grown(holder, holder.bytes)
  return holders
}

test('no client is shed up to the maximum', () => {
  const holders = holding({ requests: 4 * million }, { unread: 3 * million }, { partial: 3 * million })
  expect(holders.map(({ shedCalls }) => shedCalls)).toEqual([[], [], []])
})

test.each(['unread', 'requests', 'partial'] as const)(
  'above the maximum the client with most bytes is shed, if it holds %s',
  (kind) => {
    const holders = holding({ unread: 3 * million }, { [kind]: 5 * million }, { requests: 3 * million })
    expect(holders.map(({ shedCalls }) => shedCalls)).toEqual([[], ['all'], []])
  },
)

test('as many clients are shed as necessary, the largest first', () => {
  const holders = [1, 8, 2, 9, 3].map((size) => new Holder({ requests: size * million }))
  for (const holder of holders) budget.add(holder)
  for (const holder of holders) budget.grown(holder, 0)
  budget.grown(holders[0] as Holder, million)
  expect(holders.map(({ shedCalls }) => shedCalls.length)).toEqual([0, 1, 0, 1, 0])
})

test('unread output has its own maximum, below the minimum of the whole budget', () => {
  budget.close()
  budget = new NodeMemoryBudget(million, 4 * million)
  const [requests, small, largest] = holding({ requests: 2 * million }, { unread: 400_000 }, { unread: 700_000 })
  expect([requests, small, largest].map((holder) => holder?.shedCalls)).toEqual([[], [], ['unread']])
})

test('incomplete input counts within a second, although no event reports it', () => {
  const [first, second] = holding({}, {})
  Object.assign(first as Holder, { partialBytes: 4 * million })
  Object.assign(second as Holder, { partialBytes: 7 * million })
  vi.advanceTimersByTime(1000)
  expect([first?.shedCalls, second?.shedCalls]).toEqual([[], ['all']])
})

test('a removed client does not count', () => {
  const [gone] = holding({ requests: 9 * million })
  budget.remove(gone as Holder)
  budget.grown(gone as Holder, million)
  expect(holding({ requests: 9 * million })[0]?.shedCalls).toEqual([])
  expect(gone?.shedCalls).toEqual([])
})
