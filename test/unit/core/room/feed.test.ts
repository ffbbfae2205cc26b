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

  lost(): void {
    this.losses += 1
  }
}

/** A feed on a log that answers at once, two entries at a time; what was asked and what was told are noted. */
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
    /** What the next reads do instead of answering. */
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

/** Lets everything happen that can without anybody's doing. */
const settled = () => new Promise((resolve) => setImmediate(resolve))

test('the next entry is handed on at once', async () => {
  const { feed, asked } = feedOn([], 3)
  const ann = new Listener()
  await feed.attach(ann, 3, never)
  feed.onEntry(say(4))
  expect(ann.taken).toEqual([4])
  expect(feed.position).toBe(4)
  expect(asked).toEqual([])
})

test('an entry that was handed on already is dropped', async () => {
  const { feed } = feedOn([], 3)
  const ann = new Listener()
  await feed.attach(ann, 3, never)
  for (const seq of [4, 4, 2, 3]) feed.onEntry(say(seq))
  expect(ann.taken).toEqual([4])
})

test('a gap is filled from the log, and the entry that showed it waits its turn', async () => {
  const { feed, asked, notifications } = feedOn(said(1, 7), 3)
  const ann = new Listener()
  await feed.attach(ann, 3, never)
  feed.onEntry(say(7))
  expect(ann.taken).toEqual([])
  await settled()
  expect(ann.taken).toEqual([4, 5, 6, 7])
  expect(asked).toEqual([3, 5])
  expect(notifications).toEqual(['repaired 2', 'repaired 2'])
})

test('what is heard while a gap is filled is not handed on before its turn', async () => {
  const log = said(1, 6)
  const { feed } = feedOn(log, 3)
  const ann = new Listener()
  await feed.attach(ann, 3, never)
  feed.onEntry(say(6))
  feed.onEntry(say(4))
  log.push(say(7))
  feed.onEntry(say(7))
  await settled()
  expect(ann.taken).toEqual([4, 5, 6, 7])
})

test('a position that somebody knows of is read up to', async () => {
  const { feed } = feedOn(said(1, 5), 3)
  const ann = new Listener()
  await feed.attach(ann, 3, never)
  feed.advanceHead(2)
  feed.advanceHead(5)
  await settled()
  expect(ann.taken).toEqual([4, 5])
})

test('everyone gets what is meant for them', async () => {
  const { feed } = feedOn([], 0)
  const [ann, bob] = [new Listener('ann'), new Listener('bob')]
  await feed.attach(ann, 0, never)
  await feed.attach(bob, 0, never)
  feed.onEntry(say(1))
  feed.onEntry(say(2, { to: 'ann' }))
  feed.onEntry(say(3, { except: 'ann' }))
  feed.onEntry(say(4, { to: 'nobody' }))
  expect(ann.taken).toEqual([1, 2])
  expect(bob.taken).toEqual([1, 3])
})

test('one who comes back gets what it missed, and then what is live', async () => {
  const log = [say(1), say(2, { to: 'ann' }), say(3, { except: 'ann' }), say(4, { to: 'bob' }), say(5)]
  const { feed, notifications } = feedOn(log, 5)
  const ann = new Listener()
  await feed.attach(ann, 1, never)
  feed.onEntry(say(6))
  expect(ann.taken).toEqual([2, 5, 6])
  expect(notifications).toEqual(['replayed 1', 'replayed 1'])
})

test('what is said while one catches up comes in its place', async () => {
  const log = said(1, 4)
  const { feed } = feedOn(log, 4)
  const [ann, bob] = [new Listener('ann'), new Listener('bob')]
  await feed.attach(bob, 4, never)
  const aboard = feed.attach(ann, 0, never)
  log.push(say(5))
  feed.onEntry(say(5))
  await aboard
  feed.onEntry(say(6))
  expect(ann.taken).toEqual([1, 2, 3, 4, 5, 6])
  expect(bob.taken).toEqual([5, 6])
})

test('one who is ahead of the feed is told nothing twice, and the feed follows', async () => {
  const { feed } = feedOn(said(1, 6), 3)
  const [ann, bob] = [new Listener('ann'), new Listener('bob')]
  await feed.attach(bob, 3, never)
  await feed.attach(ann, 5, never)
  feed.onEntry(say(4))
  feed.advanceHead(6)
  await settled()
  expect(ann.taken).toEqual([6])
  expect(bob.taken).toEqual([4, 5, 6])
})

test('the feed follows one who is ahead of it, though nothing more is said', async () => {
  const { feed } = feedOn(said(1, 5), 3)
  const [ann, bob] = [new Listener('ann'), new Listener('bob')]
  await feed.attach(bob, 3, never)
  await feed.attach(ann, 5, never)
  await settled()
  expect(bob.taken).toEqual([4, 5])
})

test('whoever comes aboard under the same id takes the place of the one before', async () => {
  const { feed } = feedOn([], 0)
  const [before, after] = [new Listener(), new Listener()]
  await feed.attach(before, 0, never)
  await feed.attach(after, 0, never)
  feed.detach(before) // it is late, and not aboard any more
  feed.onEntry(say(1))
  expect(before.taken).toEqual([])
  expect(after.taken).toEqual([1])
})

test('the one before is told nothing while its successor catches up', async () => {
  const { feed } = feedOn(said(1, 2), 2)
  const [before, after] = [new Listener(), new Listener()]
  await feed.attach(before, 2, never)
  const aboard = feed.attach(after, 0, never)
  feed.onEntry(say(3))
  expect(before.taken).toEqual([])
  await aboard
})

test('one who left is told nothing', async () => {
  const { feed } = feedOn([], 0)
  const ann = new Listener()
  await feed.attach(ann, 0, never)
  feed.detach(ann)
  feed.onEntry(say(1))
  expect(ann.taken).toEqual([])
})

test('one who ends while catching up is told nothing more, and does not come aboard', async () => {
  const { feed } = feedOn(said(1, 4), 4)
  const ann = new Listener()
  await feed.attach(ann, 0, () => ann.taken.length >= 1)
  feed.onEntry(say(5))
  expect(ann.taken).toEqual([1])
})

test('a log that cannot be read is read again after a pause', async () => {
  const { feed, failures, notifications } = feedOn(said(1, 3), 2)
  const [ann, bob] = [new Listener('ann'), new Listener('bob')]
  failures.push('away', 'still away')
  await feed.attach(ann, 0, never)
  expect(ann.taken).toEqual([1, 2])
  expect(notifications).toEqual(['failed away', 'paused', 'failed still away', 'paused', 'replayed 2'])
  failures.push('away again')
  await feed.attach(bob, 2, never)
  feed.advanceHead(3)
  await settled()
  expect(bob.taken).toEqual([3])
})

test('one whose next entry the log has forgotten is lost, and not aboard', async () => {
  const { feed } = feedOn(said(3, 5), 5)
  const ann = new Listener()
  await feed.attach(ann, 1, never)
  feed.onEntry(say(6))
  expect(ann).toMatchObject({ losses: 1, taken: [] })
})

test('a gap that the log has forgotten loses everyone aboard, and the feed goes on behind it', async () => {
  const { feed } = feedOn(said(5, 6), 2)
  const [ann, bob] = [new Listener('ann'), new Listener('bob')]
  await feed.attach(ann, 2, never)
  feed.advanceHead(6)
  await settled()
  expect(ann).toMatchObject({ losses: 1, taken: [] })
  expect(feed.position).toBe(6)
  await feed.attach(bob, 6, never)
  feed.onEntry(say(7))
  expect(bob.taken).toEqual([7])
  expect(ann.taken).toEqual([])
})

test('those who are lost can still say how far they had come', async () => {
  const { feed } = feedOn([], 2)
  const positions: number[] = []
  const ann = Object.assign(new Listener(), { lost: () => void positions.push(feed.position) })
  await feed.attach(ann, 2, never)
  feed.advanceHead(6)
  await settled()
  expect(positions).toEqual([2])
  expect(feed.position).toBe(6)
})

test('a closed feed tells and reads nothing more', async () => {
  const { feed, asked } = feedOn(said(1, 9), 2)
  const [ann, late] = [new Listener('ann'), new Listener('late')]
  await feed.attach(ann, 2, never)
  feed.close()
  feed.onEntry(say(3))
  feed.advanceHead(9)
  await feed.attach(late, feed.position, never)
  feed.onEntry(say(4))
  await settled()
  expect([...ann.taken, ...late.taken]).toEqual([])
  expect(asked).toEqual([])
})

const leap = (seq: number, after: number): Entry => say(seq, { event: 'leap', data: { after } })

test('who is level with the last that the log knows goes on behind a leap, and nobody is cut', async () => {
  const { feed, notifications } = feedOn([], 3)
  const ann = new Listener()
  await feed.attach(ann, 3, never)
  feed.onEntry(leap(100, 3))
  feed.onEntry(say(101))
  expect([ann.taken, ann.losses, feed.position, notifications]).toEqual([[101], 0, 101, ['leapt 100']])
})

test('who was handed what the log knows no more is cut, once all is done that has to be before', async () => {
  const { feed, notifications, failures } = feedOn([say(1), leap(100, 1), say(101)], 3)
  const ann = new Listener()
  await feed.attach(ann, 3, never)
  failures.push('', 'hole')
  feed.onEntry(say(101))
  const eve = new Listener('eve') // came back at the leap before the feed was there
  await feed.attach(eve, 100, never)
  await settled()
  expect([ann.taken, ann.losses]).toEqual([[], 1])
  expect([eve.taken, eve.losses, feed.position]).toEqual([[101], 0, 101])
  expect(notifications).toEqual(['failed hole', 'paused', 'hole', 'leapt 100', 'repaired 2'])
})

test('what was read for a receiver that has to wait is read again afterwards, and not kept meanwhile', async () => {
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
    drained: (): Promise<void> | undefined => {
      if (ann.taken.length !== 40 || waited) return undefined
      waited = true
      return Promise.resolve()
    },
  })
  let waited = false
  await feed.attach(ann, 0, never)
  expect(ann.taken).toEqual(log.map(({ seq }) => seq))
  expect(asked).toEqual([
    [0, 32],
    [32, 64],
    [40, 32],
    [72, 64],
  ])
})

/** Fails at one entry. */
class Failing extends Listener {
  override receive(entry: Entry): void {
    if (entry.seq === 5) throw new Error('cannot take 5')
    super.receive(entry)
  }
}

test('a receiver that throws is put off and told that it lost an entry, and the others get every entry', async () => {
  const { feed, notifications } = feedOn([], 3)
  const [eve, ann] = [new Failing('eve'), new Listener()]
  for (const receiver of [eve, ann]) await feed.attach(receiver, 3, never)
  for (const seq of [4, 5, 6]) feed.onEntry(say(seq))
  expect([eve.taken, eve.losses, ann.taken, ann.losses]).toEqual([[4], 1, [4, 5, 6], 0])
  expect(notifications).toEqual(['failed Error: cannot take 5'])
})

test('a receiver that throws while a gap is filled does not stop the feed', async () => {
  const { feed } = feedOn(said(1, 7), 3)
  const [eve, ann] = [new Failing('eve'), new Listener()]
  for (const receiver of [eve, ann]) await feed.attach(receiver, 3, never)
  feed.onEntry(say(7))
  await settled()
  feed.onEntry(say(8))
  expect([eve.taken, eve.losses, ann.taken]).toEqual([[4], 1, [4, 5, 6, 7, 8]])
})

test('a receiver that throws while it catches up is put off, and its attachment ends without an error', async () => {
  const { feed } = feedOn(said(1, 7), 7)
  const eve = new Failing('eve')
  await feed.attach(eve, 3, never)
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
  await feed.attach(ann, 3, never)
  feed.advanceHead(9)
  await settled()
  log.push(say(10), say(11))
  feed.advanceHead(11)
  await settled()
  expect(ann.taken).toEqual([4, 5, 6, 7, 8, 9, 10, 11])
})
