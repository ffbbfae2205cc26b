import { expect, test } from 'vitest'
import type { Entry, RoomId } from '../../../../src/core/model.ts'
import type { PubSub } from '../../../../src/core/ports/pub-sub.ts'
import { Feeds } from '../../../../src/core/room/feeds.ts'
import { createMemoryStore } from '../../../../src/state/memory/index.ts'
import { MemoryLog, MemoryPubSub } from '../../../../src/state/memory/log.ts'
import { MemoryNodeRegistry } from '../../../../src/state/memory/node-registry.ts'
import { RoomTable } from '../../../../src/state/memory/room.ts'

const room: RoomId = 'portal/r'
const limits = { window: 60, log: 90, entries: 1000, lease: 6 }
const text = { at: 0, event: 'text' as const, data: null }

/** A memory store that records every call, and whose calls can be delayed, fail, or run something first. */
function world() {
  const calls: string[] = []
  const before: { [call: string]: () => unknown } = {}
  const failures: unknown[] = []
  const table = new RoomTable(limits, Date.now)
  let reset: (rooms: RoomId[]) => void = () => {}
  let losesEntries = false

  async function pass(call: string): Promise<void> {
    calls.push(call)
    await before[call]?.()
  }
  const live = new MemoryPubSub(table)
  const pubSub: PubSub = {
    subscribe: async (room, onEntry) => {
      await live.subscribe(room, (entry) => {
        if (!losesEntries) onEntry(entry)
      })
      await pass('subscribe')
    },
    unsubscribe: async (room) => {
      await pass('unsubscribe')
      await live.unsubscribe(room)
    },
    onResubscribed: (given) => {
      reset = given
    },
  }
  class Log extends MemoryLog {
    override async heads(rooms: RoomId[]) {
      await pass('heads')
      const positions = await super.heads(rooms)
      await before.answer?.()
      return positions
    }
    override async leapIfBehind(room: RoomId) {
      const [head = 0] = await this.heads([room])
      return head
    }
  }
  class NodeRegistry extends MemoryNodeRegistry {
    override trackRooms(...[node, rooms]: unknown[]) {
      return pass(`track ${node} ${rooms}`)
    }
    override untrackRoom(...[node, room]: unknown[]) {
      return pass(`untrack ${node} ${room}`)
    }
  }
  const log = new Log(table)
  const store = { ...createMemoryStore(limits), pubSub, log, nodes: new NodeRegistry(table) }
  const feeds = new Feeds(store, 'A', async () => {}, { failed: (error) => failures.push(error) })
  table.make(room)
  return {
    calls,
    before,
    failures,
    feeds,
    append: () => log.appendFromServer(room, text),
    /** Makes pub/sub lose all later entries, or stop losing them. */
    setLossy: (isLossy: boolean) => {
      losesEntries = isLossy
    },
    reset: (rooms: RoomId[]) => reset(rooms),
  }
}

/** A receiver; `until` resolves when it has received a seq. */
function listener(id = 'ann') {
  const received: number[] = []
  let wake = () => {}
  return {
    id,
    received,
    receive: ({ seq }: Entry) => {
      received.push(seq)
      wake()
    },
    entryMissed: () => {},
    async until(seq: number) {
      while (!received.includes(seq)) {
        await new Promise<void>((resolve) => {
          wake = resolve
        })
      }
    },
  }
}

test('a room is recorded and subscribed to before its position is read', async () => {
  const { feeds, calls } = world()
  await feeds.use(room)
  expect(calls).toEqual([`track A ${room}`, 'subscribe', 'heads'])
  expect(feeds.rooms).toEqual([room])
})

test('a feed begins at the position of the room', async () => {
  const { feeds, append } = world()
  await append()
  await append()
  expect((await feeds.use(room)).position).toBe(2)
})

test('a room is behind while it has known entries that are not delivered', async () => {
  const { feeds, append, setLossy } = world()
  const feed = await feeds.use(room)
  const ann = listener()
  await feed.addReceiver(ann, 0, () => false)
  setLossy(true)
  await append()
  expect(feeds.behind).toBe(0)
  feed.advanceHead(1)
  expect(feeds.behind).toBe(1)
  await ann.until(1)
  expect(feeds.behind).toBe(0)
})

test('all users of a room share one feed until the last one releases it', async () => {
  const { feeds, calls } = world()
  const [one, two] = await Promise.all([feeds.use(room), feeds.use(room)])
  expect(one).toBe(two)
  await feeds.release(room)
  expect(feeds.rooms).toEqual([room])
  expect(await feeds.use(room)).toBe(one)
  await feeds.release(room)
  await feeds.release(room)
  await feeds.release(room)
  expect(feeds.rooms).toEqual([])
  expect(calls.slice(3)).toEqual(['unsubscribe', `untrack A ${room}`])
})

test('a room that is used again while it is unsubscribed is subscribed to afterwards', async () => {
  const { feeds, calls, append } = world()
  const before = await feeds.use(room)
  const released = feeds.release(room)
  const after = await feeds.use(room)
  await released
  expect(after).not.toBe(before)
  expect(calls.slice(3)).toEqual(['unsubscribe', `untrack A ${room}`, `track A ${room}`, 'subscribe', 'heads'])
  const ann = listener()
  await after.addReceiver(ann, after.position, () => false)
  await append()
  await ann.until(1)
})

test('an entry that arrives while the position is read is not missed', async () => {
  const { feeds, before, append } = world()
  before.answer = async () => {
    delete before.answer
    await append()
    await append()
  }
  const ann = listener()
  const feed = await feeds.use(room)
  await feed.addReceiver(ann, 0, () => false)
  await ann.until(2)
  expect(ann.received).toEqual([1, 2])
})

test('an entry that arrives as the subscription begins is counted', async () => {
  const { feeds, before, append } = world()
  before.subscribe = async () => {
    await append()
  }
  const feed = await feeds.use(room)
  expect(feed.position).toBe(1)
})

for (const call of [`track A ${room}`, 'subscribe', 'heads']) {
  test(`when "${call}" fails the room is not open, and a retry succeeds`, async () => {
    const { feeds, before, calls } = world()
    before[call] = () => Promise.reject(new Error('away'))
    const results = await Promise.allSettled([feeds.use(room), feeds.use(room)])
    expect(results).toMatchObject([{ reason: { message: 'away' } }, { reason: { message: 'away' } }])
    expect(feeds.rooms).toEqual([])
    expect(calls).toContain('unsubscribe')
    delete before[call]
    expect((await feeds.use(room)).position).toBe(0)
  })
}

test('a room whose unsubscription fails is reported and can be used again', async () => {
  const { feeds, before, failures } = world()
  await feeds.use(room)
  before.unsubscribe = () => Promise.reject(new Error('away'))
  await feeds.release(room)
  expect(failures).toMatchObject([{ message: 'away' }])
  await feeds.use(room)
})

test('entries that pub/sub lost are found by comparing positions', async () => {
  const { feeds, append, setLossy } = world()
  const ann = listener()
  const feed = await feeds.use(room)
  await feed.addReceiver(ann, 0, () => false)
  setLossy(true)
  await append()
  await append()
  await feeds.catchUp()
  await ann.until(2)
  expect(ann.received).toEqual([1, 2])
})

test('positions are compared after a subscription was re-established', async () => {
  const { feeds, append, setLossy, reset } = world()
  const ann = listener()
  const feed = await feeds.use(room)
  await feed.addReceiver(ann, 0, () => false)
  setLossy(true)
  await append()
  reset(['portal/unknown', room])
  await ann.until(1)
  expect(ann.received).toEqual([1])
})

test('a failed comparison of positions is reported and has no other effect', async () => {
  const { feeds, before, failures, calls } = world()
  await feeds.catchUp()
  expect(calls).toEqual([])
  await feeds.use(room)
  before.heads = () => Promise.reject(new Error('away'))
  await feeds.catchUp()
  expect(failures).toMatchObject([{ message: 'away' }])
})
