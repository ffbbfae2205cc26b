import { expect, test } from 'vitest'
import type { Entry } from '../../../../src/core/model.ts'
import { Feed, type FeedEvents, type FeedReceiver } from '../../../../src/core/room/feed.ts'

const entryOf = (seq: number, changes: Partial<Entry> = {}): Entry => ({
  seq,
  at: 0,
  event: 'text',
  data: seq,
  ...changes,
})
const entriesOf = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, n) => entryOf(from + n))
const never = () => false

class Listener implements FeedReceiver {
  readonly id: string
  readonly received: number[] = []
  losses = 0

  constructor(id = 'ann') {
    this.id = id
  }

  receive({ seq }: Entry): void {
    this.received.push(seq)
  }

  entryMissed(): void {
    this.losses += 1
  }
}

/** A feed whose log answers at once, with two entries per read. Records the reads and the events. */
function feedOn(log: Entry[], position: number) {
  const reads: number[] = []
  const notifications: string[] = []
  const events: FeedEvents = {
    repaired: (entries) => void notifications.push(`repaired ${entries}`),
    replayed: (entries) => void notifications.push(`replayed ${entries}`),
    failed: (error) => void notifications.push(`failed ${error}`),
    leapt: (seq) => void notifications.push(`leapt ${seq}`),
    gap: async () => {
      const failure = world.failures.shift()
      if (failure) throw failure
      notifications.push('hole')
    },
  }
  const world = {
    reads,
    notifications,
    /** Errors with which the next reads fail. */
    failures: [] as string[],
    feed: new Feed(position, read, async () => void notifications.push('paused'), events),
  }
  async function read(after: number): Promise<Entry[]> {
    reads.push(after)
    const failure = world.failures.shift()
    if (failure) throw failure
    return log.filter(({ seq }) => seq > after).slice(0, 2)
  }
  return world
}

/** Waits until all pending promises are settled. */
const untilSettled = () => new Promise((resolve) => setImmediate(resolve))

test('the next entry is delivered at once', async () => {
  const { feed, reads } = feedOn([], 3)
  const ann = new Listener()
  await feed.addReceiver(ann, 3, never)
  feed.onEntry(entryOf(4))
  expect(ann.received).toEqual([4])
  expect(feed.position).toBe(4)
  expect(reads).toEqual([])
})

test('an entry that was delivered already is ignored', async () => {
  const { feed } = feedOn([], 3)
  const ann = new Listener()
  await feed.addReceiver(ann, 3, never)
  for (const seq of [4, 4, 2, 3]) feed.onEntry(entryOf(seq))
  expect(ann.received).toEqual([4])
})

test('a gap is filled from the log before the entry that showed it is delivered', async () => {
  const { feed, reads, notifications } = feedOn(entriesOf(1, 7), 3)
  const ann = new Listener()
  await feed.addReceiver(ann, 3, never)
  feed.onEntry(entryOf(7))
  expect(ann.received).toEqual([])
  await untilSettled()
  expect(ann.received).toEqual([4, 5, 6, 7])
  expect(reads).toEqual([3, 5])
  expect(notifications).toEqual(['repaired 2', 'repaired 2'])
})

test('an entry that arrives while a gap is filled is delivered in order', async () => {
  const log = entriesOf(1, 6)
  const { feed } = feedOn(log, 3)
  const ann = new Listener()
  await feed.addReceiver(ann, 3, never)
  feed.onEntry(entryOf(6))
  feed.onEntry(entryOf(4))
  log.push(entryOf(7))
  feed.onEntry(entryOf(7))
  await untilSettled()
  expect(ann.received).toEqual([4, 5, 6, 7])
})

test('the feed reads the log up to a head that it learns of', async () => {
  const { feed } = feedOn(entriesOf(1, 5), 3)
  const ann = new Listener()
  await feed.addReceiver(ann, 3, never)
  feed.advanceHead(2)
  feed.advanceHead(5)
  await untilSettled()
  expect(ann.received).toEqual([4, 5])
})

test('each receiver gets the entries that are addressed to it', async () => {
  const { feed } = feedOn([], 0)
  const [ann, bob] = [new Listener('ann'), new Listener('bob')]
  await feed.addReceiver(ann, 0, never)
  await feed.addReceiver(bob, 0, never)
  feed.onEntry(entryOf(1))
  feed.onEntry(entryOf(2, { to: 'ann' }))
  feed.onEntry(entryOf(3, { except: 'ann' }))
  feed.onEntry(entryOf(4, { to: 'nobody' }))
  expect(ann.received).toEqual([1, 2])
  expect(bob.received).toEqual([1, 3])
})

test('an attached receiver gets missed entries, then live ones', async () => {
  const log = [
    entryOf(1),
    entryOf(2, { to: 'ann' }),
    entryOf(3, { except: 'ann' }),
    entryOf(4, { to: 'bob' }),
    entryOf(5),
  ]
  const { feed, notifications } = feedOn(log, 5)
  const ann = new Listener()
  await feed.addReceiver(ann, 1, never)
  feed.onEntry(entryOf(6))
  expect(ann.received).toEqual([2, 5, 6])
  expect(notifications).toEqual(['replayed 1', 'replayed 1'])
})

test('an entry that arrives during a replay is delivered in order', async () => {
  const log = entriesOf(1, 4)
  const { feed } = feedOn(log, 4)
  const [ann, bob] = [new Listener('ann'), new Listener('bob')]
  await feed.addReceiver(bob, 4, never)
  const attached = feed.addReceiver(ann, 0, never)
  log.push(entryOf(5))
  feed.onEntry(entryOf(5))
  await attached
  feed.onEntry(entryOf(6))
  expect(ann.received).toEqual([1, 2, 3, 4, 5, 6])
  expect(bob.received).toEqual([5, 6])
})

test('a receiver ahead of the feed gets no entry twice, and the feed catches up', async () => {
  const { feed } = feedOn(entriesOf(1, 6), 3)
  const [ann, bob] = [new Listener('ann'), new Listener('bob')]
  await feed.addReceiver(bob, 3, never)
  await feed.addReceiver(ann, 5, never)
  feed.onEntry(entryOf(4))
  feed.advanceHead(6)
  await untilSettled()
  expect(ann.received).toEqual([6])
  expect(bob.received).toEqual([4, 5, 6])
})

test('the feed catches up with a receiver ahead of it without a further entry', async () => {
  const { feed } = feedOn(entriesOf(1, 5), 3)
  const [ann, bob] = [new Listener('ann'), new Listener('bob')]
  await feed.addReceiver(bob, 3, never)
  await feed.addReceiver(ann, 5, never)
  await untilSettled()
  expect(bob.received).toEqual([4, 5])
})

test('a receiver with the same id replaces the previous one', async () => {
  const { feed } = feedOn([], 0)
  const [before, after] = [new Listener(), new Listener()]
  await feed.addReceiver(before, 0, never)
  await feed.addReceiver(after, 0, never)
  feed.removeReceiver(before) // this receiver was replaced
  feed.onEntry(entryOf(1))
  expect(before.received).toEqual([])
  expect(after.received).toEqual([1])
})

test('the replaced receiver gets nothing during the replay of its successor', async () => {
  const { feed } = feedOn(entriesOf(1, 2), 2)
  const [before, after] = [new Listener(), new Listener()]
  await feed.addReceiver(before, 2, never)
  const attached = feed.addReceiver(after, 0, never)
  feed.onEntry(entryOf(3))
  expect(before.received).toEqual([])
  await attached
})

test('a detached receiver gets nothing', async () => {
  const { feed } = feedOn([], 0)
  const ann = new Listener()
  await feed.addReceiver(ann, 0, never)
  feed.removeReceiver(ann)
  feed.onEntry(entryOf(1))
  expect(ann.received).toEqual([])
})

test('a receiver that ends during its replay gets nothing more and does not become live', async () => {
  const { feed } = feedOn(entriesOf(1, 4), 4)
  const ann = new Listener()
  await feed.addReceiver(ann, 0, () => ann.received.length >= 1)
  feed.onEntry(entryOf(5))
  expect(ann.received).toEqual([1])
})

test('a failed read of the log is retried after a pause', async () => {
  const { feed, failures, notifications } = feedOn(entriesOf(1, 3), 2)
  const [ann, bob] = [new Listener('ann'), new Listener('bob')]
  failures.push('away', 'still away')
  await feed.addReceiver(ann, 0, never)
  expect(ann.received).toEqual([1, 2])
  expect(notifications).toEqual(['failed away', 'paused', 'failed still away', 'paused', 'replayed 2'])
  failures.push('away again')
  await feed.addReceiver(bob, 2, never)
  feed.advanceHead(3)
  await untilSettled()
  expect(bob.received).toEqual([3])
})

test('a receiver whose next entry the log has trimmed is removed and does not become live', async () => {
  const { feed } = feedOn(entriesOf(3, 5), 5)
  const ann = new Listener()
  await feed.addReceiver(ann, 1, never)
  feed.onEntry(entryOf(6))
  expect(ann).toMatchObject({ losses: 1, received: [] })
})

test('a gap that the log has trimmed drops all live receivers, and the feed continues after it', async () => {
  const { feed } = feedOn(entriesOf(5, 6), 2)
  const [ann, bob] = [new Listener('ann'), new Listener('bob')]
  await feed.addReceiver(ann, 2, never)
  feed.advanceHead(6)
  await untilSettled()
  expect(ann).toMatchObject({ losses: 1, received: [] })
  expect(feed.position).toBe(6)
  await feed.addReceiver(bob, 6, never)
  feed.onEntry(entryOf(7))
  expect(bob.received).toEqual([7])
  expect(ann.received).toEqual([])
})

test('receivers that are removed still see the position before the gap', async () => {
  const { feed } = feedOn([], 2)
  const positions: number[] = []
  const ann = Object.assign(new Listener(), { entryMissed: () => void positions.push(feed.position) })
  await feed.addReceiver(ann, 2, never)
  feed.advanceHead(6)
  await untilSettled()
  expect(positions).toEqual([2])
  expect(feed.position).toBe(6)
})

test('a closed feed delivers and reads nothing more', async () => {
  const { feed, reads } = feedOn(entriesOf(1, 9), 2)
  const [ann, bob] = [new Listener('ann'), new Listener('late')]
  await feed.addReceiver(ann, 2, never)
  feed.close()
  feed.onEntry(entryOf(3))
  feed.advanceHead(9)
  await feed.addReceiver(bob, feed.position, never)
  feed.onEntry(entryOf(4))
  await untilSettled()
  expect([...ann.received, ...bob.received]).toEqual([])
  expect(reads).toEqual([])
})

const leap = (seq: number, after: number): Entry => entryOf(seq, { event: 'leap', data: { after } })

test('receivers at the last seq before a leap continue after it and are not removed', async () => {
  const { feed, notifications } = feedOn([], 3)
  const ann = new Listener()
  await feed.addReceiver(ann, 3, never)
  feed.onEntry(leap(100, 3))
  feed.onEntry(entryOf(101))
  expect([ann.received, ann.losses, feed.position, notifications]).toEqual([[101], 0, 101, ['leapt 100']])
})

test('receivers that got entries which the log has lost are removed after the event gap has completed', async () => {
  const { feed, notifications, failures } = feedOn([entryOf(1), leap(100, 1), entryOf(101)], 3)
  const ann = new Listener()
  await feed.addReceiver(ann, 3, never)
  failures.push('', 'hole')
  feed.onEntry(entryOf(101))
  const eve = new Listener('eve') // attaches at the leap before the feed has reached it
  await feed.addReceiver(eve, 100, never)
  await untilSettled()
  expect([ann.received, ann.losses]).toEqual([[], 1])
  expect([eve.received, eve.losses, feed.position]).toEqual([[101], 0, 101])
  expect(notifications).toEqual(['failed hole', 'paused', 'hole', 'leapt 100', 'repaired 2'])
})

test('entries that were read for a receiver that has to wait are discarded and read again', async () => {
  const reads: [number, number | undefined][] = []
  const log = entriesOf(1, 100)
  const feed = new Feed(
    100,
    async (after, limit = 256) => {
      reads.push([after, limit])
      return log.filter(({ seq }) => seq > after).slice(0, limit)
    },
    async () => {},
  )
  const ann = Object.assign(new Listener(), {
    writable: (): Promise<void> | undefined => {
      if (ann.received.length !== 40 || waited) return undefined
      waited = true
      return Promise.resolve()
    },
  })
  let waited = false
  await feed.addReceiver(ann, 0, never)
  expect(ann.received).toEqual(log.map(({ seq }) => seq))
  expect(reads).toEqual([
    [0, 32],
    [32, 64],
    [40, 32],
    [72, 64],
  ])
})

/** A receiver that throws at one entry. */
class Failing extends Listener {
  override receive(entry: Entry): void {
    if (entry.seq === 5) throw new Error('cannot take 5')
    super.receive(entry)
  }
}

test('a receiver that throws is removed, and the others get every entry', async () => {
  const { feed, notifications } = feedOn([], 3)
  const [eve, ann] = [new Failing('eve'), new Listener()]
  for (const receiver of [eve, ann]) await feed.addReceiver(receiver, 3, never)
  for (const seq of [4, 5, 6]) feed.onEntry(entryOf(seq))
  expect([eve.received, eve.losses, ann.received, ann.losses]).toEqual([[4], 1, [4, 5, 6], 0])
  expect(notifications).toEqual(['failed Error: cannot take 5'])
})

test('a receiver that throws while a gap is filled does not stop the feed', async () => {
  const { feed } = feedOn(entriesOf(1, 7), 3)
  const [eve, ann] = [new Failing('eve'), new Listener()]
  for (const receiver of [eve, ann]) await feed.addReceiver(receiver, 3, never)
  feed.onEntry(entryOf(7))
  await untilSettled()
  feed.onEntry(entryOf(8))
  expect([eve.received, eve.losses, ann.received]).toEqual([[4], 1, [4, 5, 6, 7, 8]])
})

test('a receiver that throws during its replay is removed, and attach resolves', async () => {
  const { feed } = feedOn(entriesOf(1, 7), 7)
  const eve = new Failing('eve')
  await feed.addReceiver(eve, 3, never)
  feed.onEntry(entryOf(8))
  expect([eve.received, eve.losses]).toEqual([[4], 1])
})

test('a feed whose events throw while a gap is filled fills the next one', async () => {
  const log = entriesOf(1, 9)
  let failures = 1
  const feed = new Feed(
    3,
    async (after) => log.filter(({ seq }) => seq > after),
    async () => {},
    {
      repaired: () => {
        failures -= 1
        if (failures === 0) throw new Error('broken metric')
      },
    },
  )
  const ann = new Listener()
  await feed.addReceiver(ann, 3, never)
  feed.advanceHead(9)
  await untilSettled()
  log.push(entryOf(10), entryOf(11))
  feed.advanceHead(11)
  await untilSettled()
  expect(ann.received).toEqual([4, 5, 6, 7, 8, 9, 10, 11])
})
