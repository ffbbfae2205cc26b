import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import type { BudgetHolder } from '../../../src/core/ports/memory-budget.ts'
import { MemoryBudget } from '../../../src/gateway/limits/memory-budget.ts'

class Holder implements BudgetHolder {
  relieved: ('all' | 'unread')[] = []
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
    this.relieved.push('all')
    const { bytes } = this
    this.unreadBytes = this.requestBytes = this.partialBytes = 0
    return bytes
  }

  shedUnread(): number {
    this.relieved.push('unread')
    const bytes = this.unreadBytes
    this.unreadBytes = 0
    return bytes
  }
}

let budget: MemoryBudget
const million = 1_000_000

beforeEach(() => {
  vi.useFakeTimers()
  budget = new MemoryBudget(10 * million)
})
afterEach(() => {
  budget.close()
  vi.useRealTimers()
})

/** Clients that hold so much; the budget is told of it in this order. */
function holding(...sizes: { unread?: number; requests?: number; partial?: number }[]): Holder[] {
  const holders = sizes.map((size) => new Holder(size))
  for (const holder of holders) budget.add(holder)
  for (const holder of holders) budget.grown(holder, holder.bytes)
  return holders
}

test('up to the maximum nothing is relieved', () => {
  const holders = holding({ requests: 4 * million }, { unread: 3 * million }, { partial: 3 * million })
  expect(holders.map(({ relieved }) => relieved)).toEqual([[], [], []])
})

test.each(['unread', 'requests', 'partial'] as const)(
  'beyond the maximum the client with most is relieved, also if that is %s',
  (kind) => {
    const holders = holding({ unread: 3 * million }, { [kind]: 5 * million }, { requests: 3 * million })
    expect(holders.map(({ relieved }) => relieved)).toEqual([[], ['all'], []])
  },
)

test('as many clients are relieved as it takes, those with most first', () => {
  const holders = [1, 8, 2, 9, 3].map((size) => new Holder({ requests: size * million }))
  for (const holder of holders) budget.add(holder)
  for (const holder of holders) budget.grown(holder, 0)
  budget.grown(holders[0] as Holder, million)
  expect(holders.map(({ relieved }) => relieved.length)).toEqual([0, 1, 0, 1, 0])
})

test('unread output has a maximum of its own, where there is always room for more in all', () => {
  budget.close()
  budget = new MemoryBudget(million, 4 * million)
  const [requests, little, much] = holding({ requests: 2 * million }, { unread: 400_000 }, { unread: 700_000 })
  expect([requests, little, much].map((holder) => holder?.relieved)).toEqual([[], [], ['unread']])
})

test('the beginnings of messages count within a second, though nothing reports them', () => {
  const [first, second] = holding({}, {})
  Object.assign(first as Holder, { partialBytes: 4 * million })
  Object.assign(second as Holder, { partialBytes: 7 * million })
  vi.advanceTimersByTime(1000)
  expect([first?.relieved, second?.relieved]).toEqual([[], ['all']])
})

test('a client that has gone does not count', () => {
  const [gone] = holding({ requests: 9 * million })
  budget.remove(gone as Holder)
  budget.grown(gone as Holder, million)
  expect(holding({ requests: 9 * million })[0]?.relieved).toEqual([])
  expect(gone?.relieved).toEqual([])
})
