import { expect, test } from 'vitest'
import type { Entry } from '../../../../src/core/model.ts'
import { Feed, type FeedEvents, type FeedReceiver } from '../../../../src/core/room/feed.ts'

const say = (seq: number, changes: Partial<Entry> = {}): Entry => ({ seq, at: 0, event: 'text', data: seq, ...changes })
const said = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, n) => say(from + n))
const never = () => false

class Listener implements FeedReceiver {
  readonly id: string
  readonly taken: number[] = []
  losses = 0

  constructor(id = 'ann') {
    this.id = id
  }

  receive({ seq }: Entry): void {
    this.taken.push(seq)
  }

  entryMissed(): void {
    this.losses += 1
  }
}

/** A feed whose log answers at once, with two entries per read. Records the reads and the events. */
function feedOn(log: Entry[], position: number) {
  const asked: number[] = []
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
    asked,
    notifications,
    /** Errors with which the next reads fail. */
    failures: [] as string[],
    feed: new Feed(position, read, async () => void notifications.push('paused'), events),
  }
  async function read(after: number): Promise<Entry[]> {
    asked.push(after)
    const failure = world.failures.shift()
    if (failure) throw failure
    return log.filter(({ seq }) => seq > after).slice(0, 2)
  }
  return world
}

/** Waits until all pending promises are settled. */
const settled = () => new Promise((resolve) => setImmediate(resolve))

test('the next entry is delivered at once', async () => {
  const { feed, asked } = feedOn([], 3)
  const ann = new Listener()
  await feed.addReceiver(ann, 3, never)
  feed.onEntry(say(4))
  expect(ann.taken).toEqual([4])
  expect(feed.position).toBe(4)
  expect(asked).toEqual([])
})

test('an entry that was delivered already is ignored', async () => {
  const { feed } = feedOn([], 3)
  const ann = new Listener()
  await feed.addReceiver(ann, 3, never)
  for (const seq of [4, 4, 2, 3]) feed.onEntry(say(seq))
  expect(ann.taken).toEqual([4])
})

test('a gap is filled from the log before the entry that showed it is delivered', async () => {
  const { feed, asked, notifications } = feedOn(said(1, 7), 3)
  const ann = new Listener()
  await feed.addReceiver(ann, 3, never)
  feed.onEntry(say(7))
  expect(ann.taken).toEqual([])
  await settled()
  expect(ann.taken).toEqual([4, 5, 6, 7])
  expect(asked).toEqual([3, 5])
  expect(notifications).toEqual(['repaired 2', 'repaired 2'])
})

test('an entry that arrives while a gap is filled is delivered in order', async () => {
  const log = said(1, 6)
  const { feed } = feedOn(log, 3)
  const ann = new Listener()
  await feed.addReceiver(ann, 3, never)
  feed.onEntry(say(6))
  feed.onEntry(say(4))
  log.push(say(7))
  feed.onEntry(say(7))
  await settled()
  expect(ann.taken).toEqual([4, 5, 6, 7])
})

test('the feed reads the log up to a head that it learns of', async () => {
  const { feed } = feedOn(said(1, 5), 3)
  const ann = new Listener()
  await feed.addReceiver(ann, 3, never)
  feed.advanceHead(2)
  feed.advanceHead(5)
  await settled()
  expect(ann.taken).toEqual([4, 5])
})

test('each receiver gets the entries that are addressed to it', async () => {
  const { feed } = feedOn([], 0)
  const [ann, bob] = [new Listener('ann'), new Listener('bob')]
  await feed.addReceiver(ann, 0, never)
  await feed.addReceiver(bob, 0, never)
  feed.onEntry(say(1))
  feed.onEntry(say(2, { to: 'ann' }))
  feed.onEntry(say(3, { except: 'ann' }))
  feed.onEntry(say(4, { to: 'nobody' }))
  expect(ann.taken).toEqual([1, 2])
  expect(bob.taken).toEqual([1, 3])
})

test('an attached receiver gets missed entries, then live ones', async () => {
  const log = [say(1), say(2, { to: 'ann' }), say(3, { except: 'ann' }), say(4, { to: 'bob' }), say(5)]
  const { feed, notifications } = feedOn(log, 5)
  const ann = new Listener()
  await feed.addReceiver(ann, 1, never)
  feed.onEntry(say(6))
  expect(ann.taken).toEqual([2, 5, 6])
  expect(notifications).toEqual(['replayed 1', 'replayed 1'])
})

test('an entry that arrives during a replay is delivered in order', async () => {
  const log = said(1, 4)
  const { feed } = feedOn(log, 4)
  const [ann, bob] = [new Listener('ann'), new Listener('bob')]
  await feed.addReceiver(bob, 4, never)
  const aboard = feed.addReceiver(ann, 0, never)
  log.push(say(5))
  feed.onEntry(say(5))
  await aboard
  feed.onEntry(say(6))
  expect(ann.taken).toEqual([1, 2, 3, 4, 5, 6])
  expect(bob.taken).toEqual([5, 6])
})

test('a receiver ahead of the feed gets no entry twice, and the feed catches up', async () => {
  const { feed } = feedOn(said(1, 6), 3)
  const [ann, bob] = [new Listener('ann'), new Listener('bob')]
  await feed.addReceiver(bob, 3, never)
  await feed.addReceiver(ann, 5, never)
  feed.onEntry(say(4))
  feed.advanceHead(6)
  await settled()
  expect(ann.taken).toEqual([6])
  expect(bob.taken).toEqual([4, 5, 6])
})

test('the feed catches up with a receiver ahead of it without a further entry', async () => {
  const { feed } = feedOn(said(1, 5), 3)
  const [ann, bob] = [new Listener('ann'), new Listener('bob')]
  await feed.addReceiver(bob, 3, never)
  await feed.addReceiver(ann, 5, never)
  await settled()
  expect(bob.taken).toEqual([4, 5])
})

test('a receiver with the same id replaces the previous one', async () => {
  const { feed } = feedOn([], 0)
  const [before, after] = [new Listener(), new Listener()]
  await feed.addReceiver(before, 0, never)
  await feed.addReceiver(after, 0, never)
  feed.removeReceiver(before) // it is late, and not aboard any more
  feed.onEntry(say(1))
  expect(before.taken).toEqual([])
  expect(after.taken).toEqual([1])
})

test('the replaced receiver gets nothing during the replay of its successor', async () => {
  const { feed } = feedOn(said(1, 2), 2)
  const [before, after] = [new Listener(), new Listener()]
  await feed.addReceiver(before, 2, never)
  const aboard = feed.addReceiver(after, 0, never)
  feed.onEntry(say(3))
  expect(before.taken).toEqual([])
  await aboard
})

test('a detached receiver gets nothing', async () => {
  const { feed } = feedOn([], 0)
  const ann = new Listener()
  await feed.addReceiver(ann, 0, never)
  feed.removeReceiver(ann)
  feed.onEntry(say(1))
  expect(ann.taken).toEqual([])
})

test('a receiver that ends during its replay gets nothing more and does not become live', async () => {
  const { feed } = feedOn(said(1, 4), 4)
  const ann = new Listener()
  await feed.addReceiver(ann, 0, () => ann.taken.length >= 1)
  feed.onEntry(say(5))
  expect(ann.taken).toEqual([1])
})

test('a failed read of the log is retried after a pause', async () => {
  const { feed, failures, notifications } = feedOn(said(1, 3), 2)
  const [ann, bob] = [new Listener('ann'), new Listener('bob')]
  failures.push('away', 'still away')
  await feed.addReceiver(ann, 0, never)
  expect(ann.taken).toEqual([1, 2])
  expect(notifications).toEqual(['failed away', 'paused', 'failed still away', 'paused', 'replayed 2'])
  failures.push('away again')
  await feed.addReceiver(bob, 2, never)
  feed.advanceHead(3)
  await settled()
  expect(bob.taken).toEqual([3])
})

test('a receiver whose next entry the log has trimmed is removed and does not become live', async () => {
  const { feed } = feedOn(said(3, 5), 5)
  const ann = new Listener()
  await feed.addReceiver(ann, 1, never)
  feed.onEntry(say(6))
  expect(ann).toMatchObject({ losses: 1, taken: [] })
})

test('a gap that the log has trimmed drops all live receivers, and the feed continues after it', async () => {
  const { feed } = feedOn(said(5, 6), 2)
  const [ann, bob] = [new Listener('ann'), new Listener('bob')]
  await feed.addReceiver(ann, 2, never)
  feed.advanceHead(6)
  await settled()
  expect(ann).toMatchObject({ losses: 1, taken: [] })
  expect(feed.position).toBe(6)
  await feed.addReceiver(bob, 6, never)
  feed.onEntry(say(7))
  expect(bob.taken).toEqual([7])
  expect(ann.taken).toEqual([])
})

test('receivers that are removed still see the position before the gap', async () => {
  const { feed } = feedOn([], 2)
  const positions: number[] = []
  const ann = Object.assign(new Listener(), { entryMissed: () => void positions.push(feed.position) })
  await feed.addReceiver(ann, 2, never)
  feed.advanceHead(6)
  await settled()
  expect(positions).toEqual([2])
  expect(feed.position).toBe(6)
})

test('a closed feed delivers and reads nothing more', async () => {
  const { feed, asked } = feedOn(said(1, 9), 2)
  const [ann, late] = [new Listener('ann'), new Listener('late')]
  await feed.addReceiver(ann, 2, never)
  feed.close()
  feed.onEntry(say(3))
  feed.advanceHead(9)
  await feed.addReceiver(late, feed.position, never)
  feed.onEntry(say(4))
  await settled()
  expect([...ann.taken, ...late.taken]).toEqual([])
  expect(asked).toEqual([])
})

const leap = (seq: number, after: number): Entry => say(seq, { event: 'leap', data: { after } })

test('receivers at the last seq before a leap continue after it and are not removed', async () => {
  const { feed, notifications } = feedOn([], 3)
  const ann = new Listener()
  await feed.addReceiver(ann, 3, never)
  feed.onEntry(leap(100, 3))
  feed.onEntry(say(101))
  expect([ann.taken, ann.losses, feed.position, notifications]).toEqual([[101], 0, 101, ['leapt 100']])
})

test('receivers that got entries which the log has lost are removed after the event gap has completed', async () => {
  const { feed, notifications, failures } = feedOn([say(1), leap(100, 1), say(101)], 3)
  const ann = new Listener()
  await feed.addReceiver(ann, 3, never)
  failures.push('', 'hole')
  feed.onEntry(say(101))
  const eve = new Listener('eve') // came back at the leap before the feed was there
  await feed.addReceiver(eve, 100, never)
  await settled()
  expect([ann.taken, ann.losses]).toEqual([[], 1])
  expect([eve.taken, eve.losses, feed.position]).toEqual([[101], 0, 101])
  expect(notifications).toEqual(['failed hole', 'paused', 'hole', 'leapt 100', 'repaired 2'])
})

test('entries that were read for a receiver that has to wait are discarded and read again', async () => {
  const asked: [number, number | undefined][] = []
  const log = said(1, 100)
  const feed = new Feed(
    100,
    async (after, limit = 256) => {
      asked.push([after, limit])
      return log.filter(({ seq }) => seq > after).slice(0, limit)
    },
    async () => {},
  )
  const ann = Object.assign(new Listener(), {
    writable: (): Promise<void> | undefined => {
      if (ann.taken.length !== 40 || waited) return undefined
      waited = true
      return Promise.resolve()
    },
  })
  let waited = false
  await feed.addReceiver(ann, 0, never)
  expect(ann.taken).toEqual(log.map(({ seq }) => seq))
  expect(asked).toEqual([
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
  for (const seq of [4, 5, 6]) feed.onEntry(say(seq))
  expect([eve.taken, eve.losses, ann.taken, ann.losses]).toEqual([[4], 1, [4, 5, 6], 0])
  expect(notifications).toEqual(['failed Error: cannot take 5'])
})

test('a receiver that throws while a gap is filled does not stop the feed', async () => {
  const { feed } = feedOn(said(1, 7), 3)
  const [eve, ann] = [new Failing('eve'), new Listener()]
  for (const receiver of [eve, ann]) await feed.addReceiver(receiver, 3, never)
  feed.onEntry(say(7))
  await settled()
  feed.onEntry(say(8))
  expect([eve.taken, eve.losses, ann.taken]).toEqual([[4], 1, [4, 5, 6, 7, 8]])
})

test('a receiver that throws during its replay is removed, and attach resolves', async () => {
  const { feed } = feedOn(said(1, 7), 7)
  const eve = new Failing('eve')
  await feed.addReceiver(eve, 3, never)
  feed.onEntry(say(8))
  expect([eve.taken, eve.losses]).toEqual([[4], 1])
})

test('a feed whose events throw while a gap is filled fills the next one', async () => {
  const log = said(1, 9)
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
  await settled()
  log.push(say(10), say(11))
  feed.advanceHead(11)
  await settled()
  expect(ann.taken).toEqual([4, 5, 6, 7, 8, 9, 10, 11])
})
