import { Redis } from 'ioredis'
import { expect, onTestFinished, test, vi } from 'vitest'
import { AdapterLane } from '../../src/state/redis/adapter-lane.ts'
import { RedisClock } from '../../src/state/redis/clock.ts'
import { createRedisStore } from '../../src/state/redis/index.ts'
import { keysOf } from '../../src/state/redis/keys.ts'
import { RedisLog } from '../../src/state/redis/log.ts'
import { Scripts } from '../../src/state/redis/scripts.ts'
import { randomPrefix, redisUrl, startRedis } from '../support/redis.ts'
import { until } from '../support/until.ts'
import { Bench, EntryRecorder, limits, refuses, text } from './bench.ts'
import { redisFactory } from './redis-factory.ts'
import { describeStore } from './store.ts'

describeStore(
  'redis',
  redisFactory(() => ({ urls: [redisUrl()], mode: 'standalone' })),
)

/** A store of a node and a room, on the Redis of the run, or on a Redis that the test may stop. */
function open(url = redisUrl()) {
  const prefix = randomPrefix()
  const store = createRedisStore({ urls: [url], mode: 'standalone' }, prefix, limits)
  onTestFinished(() => store.close())
  const bench = new Bench(store, store)
  return { prefix, store, bench, keys: keysOf(prefix), room: bench.room }
}

async function ownRedis() {
  const server = await startRedis()
  onTestFinished(() => server.stop())
  const admin = new Redis(server.url)
  admin.on('error', () => {})
  onTestFinished(() => admin.disconnect())
  return { server, admin }
}

test('a node that starts with a wrong wall clock reads the clock of Redis', async () => {
  vi.useFakeTimers({ toFake: ['Date'], now: 0 })
  onTestFinished(() => void vi.useRealTimers())
  const { store } = open()
  await store.nodes.heartbeat({ id: 'A', url: '', version: '1.0.0', connections: 0 })
  const [seconds] = await store.client.time()
  expect(Math.abs(store.clock.now() - Number(seconds) * 1000)).toBeLessThan(3000)
})

test.each([
  ['ahead', 3_600_000],
  ['behind', -3_600_000],
])('a node whose estimate of Redis’ clock is an hour %s gets no request refused that is in time', async (_name, ms) => {
  const { store, bench, keys, room } = open()
  const participant = await bench.join()
  const clock = new RedisClock(store.client, keys)
  const retained = { window: 60, log: 90, entries: 100, lease: 6 }
  const log = new RedisLog(new Scripts(store.client, clock, keys, retained), keys)
  const [seconds] = await store.client.time()
  clock.learn(keys.room(room), Number(seconds) * 1000 + ms, performance.now())
  expect(await log.append(participant.write({ deadline: performance.now() + 4500 }), text())).toBe(2)
})

test('a write with a deadline beyond the time-out of requests is refused, and changes nothing', async () => {
  const { bench, store } = open()
  const participant = await bench.join()
  await refuses(store.log.append(participant.write({ deadline: performance.now() + 3_600_000 }), text()), 'unavailable')
  expect(await bench.log()).toHaveLength(1)
})

test('the keys of an empty room expire, unless a participant enters again', async () => {
  const { store, bench, keys, room } = open()
  const participant = await bench.join()
  await store.log.append(participant.write({ rid: 1, reply: 1 }), text())
  await store.sessionStore.leave(room, participant.id, 'any')
  const remaining = [keys.room(room), keys.log(room)]
  const expiring = () => Promise.all(remaining.map((key) => store.client.pttl(key)))
  for (const left of await expiring()) expect(left).toBeGreaterThan((limits.log - 10) * 1000)
  const gone = [keys.members(room), keys.session(room, participant.id), keys.replies(room, participant.id)]
  for (const key of gone) expect(await store.client.exists(key)).toBe(0)
  await bench.join()
  expect(await expiring()).toEqual([-1, -1])
})

test.each([
  ['far ahead', 9_999_999_999_999],
  ['far behind', 1],
])(
  'an entry of an older node whose clock is %s neither empties the log nor keeps it from being trimmed',
  async (_, absurd) => {
    const prefix = randomPrefix()
    const store = createRedisStore({ urls: [redisUrl()], mode: 'standalone' }, prefix, { ...limits, log: 0.3 })
    onTestFinished(() => store.close())
    const bench = new Bench(store, store)
    const { room, log } = { room: keysOf(prefix).room(bench.room), log: keysOf(prefix).log(bench.room) }
    const participant = await bench.join()
    /** Appends as the script of an older version. */
    const foreign = async () => {
      const seq = await store.client.hincrby(room, 'seq', 1)
      await store.client.xadd(log, `${seq}-0`, 'e', JSON.stringify({ seq, at: absurd, event: 'text', data: 'old' }))
      return seq
    }
    const acked: number[] = []
    await until(async () => {
      for (let n = 0; n < 32; n += 1)
        acked[n % 3 === 0 ? await bench.append(participant) : await foreign()] = performance.now()
      const kept = (await bench.log())[0]?.seq ?? 0
      for (const [seq, when] of acked.entries()) {
        if (when !== undefined && performance.now() - when < 300) expect(seq).toBeGreaterThanOrEqual(kept)
      }
      return kept > 64
    })
  },
)

test('the options of a room do not expire', async () => {
  const { store, bench, keys, room } = open()
  const leave = async () => {
    const { id } = await bench.join()
    await store.sessionStore.leave(room, id, 'any')
  }
  await leave()
  await store.rooms.configure(room, { participantLimit: 1 })
  expect(await store.client.pttl(keys.room(room))).toBe(-1)
  await leave()
  expect(await store.client.pttl(keys.room(room))).toBe(-1)
})

test('an expired room begins again, whatever keys are left', async () => {
  const { store, bench, keys, room } = open()
  const participant = await bench.join()
  await store.sessionStore.leave(room, participant.id, 'any')
  await store.client.unlink(keys.room(room))
  const again = await bench.join()
  expect(again.joined.seq).toBe(1)
  expect((await bench.log()).map(({ seq }) => seq)).toEqual([1])
})

test('the record of a used login token expires', async () => {
  const { store, bench, keys, room } = open()
  const { request, ref } = await bench.join()
  const left = () => store.client.ttl(keys.token(room, request.token.id))
  expect(await left()).toBeGreaterThan(170)
  await store.sessionStore.confirmTicket(ref, { ...request.token, seconds: 500 }, request.ticketId)
  expect(await left()).toBeGreaterThan(490)
})

test('prune removes rooms that do not exist from the list', async () => {
  const { store, bench, keys, room } = open()
  const gone = bench.anotherRoom()
  await bench.join()
  await store.roomIndex.touch([room, gone.room])
  const listed = async () =>
    (await store.client.zmscore(keys.rooms, room, gone.room)).map((lastUse) => lastUse !== null)
  await store.roomIndex.prune(60, 10)
  expect(await listed()).toEqual([true, true])
  await store.roomIndex.prune(0, 10)
  expect(await listed()).toEqual([true, false])
})

test('every key has the prefix, and every key of a room has the room’s hash tag', async () => {
  const { admin, server } = await ownRedis()
  const { store, bench, prefix } = open(server.url)
  await store.nodes.heartbeat({ id: 'A', url: '', version: '', connections: 0 })
  await store.nodes.trackRooms('A', [bench.room])
  const participant = await bench.join()
  await store.sessionStore.detach(participant.ref, 1)
  const names = await admin.keys('*')
  expect(names.length).toBeGreaterThan(6)
  for (const name of names) expect(name).toMatch(new RegExp(`^${prefix}:`))
  for (const name of names.filter((name) => name.includes(participant.id))) expect(name).toContain(`:{${bench.room}}:`)
})

test('a broken subscription is re-established and reported', async () => {
  const { server, admin } = await ownRedis()
  const { store, bench } = open(server.url)
  const participant = await bench.join()
  const recorder = new EntryRecorder()
  await store.pubSub.subscribe(bench.room, recorder.onEntry)
  const { room } = bench.anotherRoom()
  await store.pubSub.subscribe(room, () => {})
  await store.pubSub.unsubscribe(room)
  const reset = new Promise((resolve) => store.pubSub.onResubscribed(resolve))
  await admin.client('KILL', 'TYPE', 'PUBSUB')
  expect(await reset).toEqual([bench.room])
  await bench.append(participant)
  expect((await recorder.first(1)).map(({ seq }) => seq)).toEqual([2])
})

test('scripts are sent again after Redis has dropped them', async () => {
  const { server, admin } = await ownRedis()
  const { bench } = open(server.url)
  const participant = await bench.join()
  await bench.append(participant)
  await admin.script('FLUSH')
  expect(await bench.append(participant)).toBe(3)
})

test('calls to a hanging Redis fail as unavailable, and a write that was sent to it is performed once', async () => {
  const { server } = await ownRedis()
  const { store, bench } = open(server.url)
  const participant = await bench.join()
  await store.ping()
  server.pause()
  const write = participant.write()
  await Promise.all([refuses(store.ping(), 'unavailable'), refuses(store.log.append(write, text()), 'unavailable')])
  server.resume()
  expect(await store.log.append(write, text())).toBe(2)
  expect(await bench.log()).toHaveLength(2)
})

test('calls to a stopped Redis fail as unavailable, and close does not wait for it', async () => {
  const { server } = await ownRedis()
  const { store, bench } = open(server.url)
  await bench.join()
  await server.stop()
  await refuses(bench.join(), 'unavailable')
  await refuses(store.ping(), 'unavailable')
  await store.close()
  await store.close()
})

test('no promise of the adapter’s connections rejects, even if Redis no longer answers when they close', async () => {
  const { server } = await ownRedis()
  const lane = new AdapterLane({ urls: [server.url], mode: 'standalone' })
  const { pub, sub } = lane
  await sub.psubscribe('a*')
  server.pause()
  const requests = [sub.subscribe('b'), sub.psubscribe('b*'), sub.unsubscribe('b'), sub.punsubscribe('a*')]
  const published = pub.publish('b', 'x')
  await lane.close()
  await Promise.all([...requests, published])
})
