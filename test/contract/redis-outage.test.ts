import { Redis } from 'ioredis'
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest'
import type { RoomId } from '../../src/core/model.ts'
import { createRedisStore } from '../../src/state/redis/index.ts'
import { keysOf } from '../../src/state/redis/keys.ts'
import { randomPrefix, startRedis } from '../support/redis.ts'
import { type ProxiedRedis, startProxiedRedis } from '../support/redis-proxy.ts'
import { asDocumentedUser } from '../support/redis-user.ts'
import { until } from '../support/until.ts'
import { Bench, EntryRecorder, limits, refuses, text } from './bench.ts'

const modes = ['standalone', 'cluster'] as const

const running = new Map<ProxiedRedis['mode'], ProxiedRedis>()
beforeAll(async () => {
  for (const mode of modes) running.set(mode, await startProxiedRedis(mode))
})
afterAll(async () => {
  for (const redis of running.values()) await redis.stop()
})

/** A store of a node whose connections go through proxies, and a room. `lost` has the reported outages. */
async function start(mode: ProxiedRedis['mode']) {
  const redis = running.get(mode) as ProxiedRedis
  onTestFinished(() => redis.each((proxy) => proxy.accept()))
  const prefix = randomPrefix()
  const lost: string[] = []
  const report = {
    lost: (connection: string, address: string, cause: string) => lost.push(`${connection} ${address} ${cause}`),
    reconnected: () => {},
    denied: () => {},
    unsuitable: () => {},
    unreadable: () => {},
    failed: () => {},
  }
  const store = createRedisStore({ urls: redis.urls, mode }, prefix, limits, undefined, report)
  onTestFinished(() => store.close())
  const bench = new Bench(store, store)
  const participant = await bench.join()
  const isHealthy = () => until(async () => store.problem() === undefined)
  const hasProblem = () => until(async () => store.problem() !== undefined)
  await isHealthy()
  return { redis, prefix, store, bench, participant, lost, isHealthy, hasProblem }
}

/** Rejects if a call takes longer than 5 s, the time in which a client gets an answer. */
async function inTime<T>(call: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error('no answer for 5 s')), 5000)
  })
  return Promise.race([call, late]).finally(() => clearTimeout(timer))
}

test.each(modes)(
  'while Redis (%s) accepts no connection, calls fail within 5 s and are not performed later',
  async (mode) => {
    const { redis, store, bench, participant, lost, isHealthy } = await start(mode)
    const allRefused = () => {
      const calls = Array.from({ length: 20 }, () =>
        refuses(store.log.append(participant.write(), text()), 'unavailable'),
      )
      return inTime(Promise.all([...calls, refuses(store.ping(), 'unavailable')]))
    }
    const before = redis.proxies.map(({ attempts }) => attempts)
    await redis.each((proxy) => proxy.closeAccepted())
    await allRefused()
    const attempts = redis.proxies.map((proxy, index) => proxy.attempts - (before[index] ?? 0))
    expect(Math.max(...attempts)).toBeLessThan(60)
    await redis.each((proxy) => proxy.refuse())
    await allRefused()
    await until(async () => store.problem()?.detail.includes('ECONNREFUSED') === true)
    expect(store.problem()).toEqual({
      reason: 'Redis unreachable',
      detail: expect.stringMatching(/^signalbox-\w+ to 127\.0\.0\.1:\d+: connect ECONNREFUSED 127\.0\.0\.1:\d+$/),
    })
    // the number of reports does not grow with the attempts to reconnect
    expect(lost).toContainEqual(expect.stringMatching(/^signalbox-command 127\.0\.0\.1:\d+ connect ECONNREFUSED/))
    expect(new Set(lost).size).toBe(lost.length)
    await redis.each((proxy) => proxy.accept())
    await isHealthy()
    await bench.append(participant, { data: 'after' })
    expect((await bench.log()).map(({ data }) => data).slice(1)).toEqual(['after'])
  },
)

test.each(modes)('half-open connections to Redis (%s) are replaced, and entries arrive again', async (mode) => {
  const { redis, store, bench, participant, lost, hasProblem, isHealthy } = await start(mode)
  const recorder = new EntryRecorder()
  await store.pubSub.subscribe(bench.room, recorder.onEntry)
  const reset = new Promise<RoomId[]>((resolve) => store.pubSub.onResubscribed(resolve))
  await redis.each((proxy) => proxy.halfOpen())
  await hasProblem()
  await isHealthy()
  expect(await reset).toEqual([bench.room])
  expect(lost).toContainEqual(expect.stringContaining('no answer for 3 s'))
  await inTime(bench.append(participant))
  expect(await recorder.first(1)).toHaveLength(1)
})

test.each(modes)(
  'if only the feed connection (%s) is half-open, the store has a problem and the connection is replaced',
  async (mode) => {
    const { redis, store, bench, participant, hasProblem, isHealthy } = await start(mode)
    const recorder = new EntryRecorder()
    await store.pubSub.subscribe(bench.room, recorder.onEntry)
    const reset = new Promise<RoomId[]>((resolve) => store.pubSub.onResubscribed(resolve))
    await redis.each((proxy) => proxy.halfOpen('signalbox-feed'))
    await bench.append(participant)
    await hasProblem()
    expect(store.problem()?.detail).toContain('signalbox-feed')
    await isHealthy()
    expect(await reset).toEqual([bench.room])
    await bench.append(participant)
    expect((await recorder.first(1)).at(-1)?.seq).toBe(3)
  },
)

test('a subscription that Redis refuses after a reconnection is retried until it is confirmed, and then reported', async () => {
  const redis = await startRedis()
  onTestFinished(() => redis.stop())
  const prefix = randomPrefix()
  const url = await asDocumentedUser(redis.url, prefix)
  const store = createRedisStore({ urls: [url], mode: 'standalone' }, prefix, limits)
  onTestFinished(() => store.close())
  const bench = new Bench(store, store)
  await store.pubSub.subscribe(bench.room, () => {})
  const reset = new Promise<RoomId[]>((resolve) => store.pubSub.onResubscribed(resolve))
  const admin = new Redis(redis.url)
  onTestFinished(() => admin.disconnect())
  // Redis closes the connections of subscribers that lose the right to a channel
  await admin.call('ACL', 'SETUSER', new URL(url).username, 'resetchannels')
  await until(async () => store.problem()?.reason.startsWith('the Redis user lacks rights') === true)
  await admin.call('ACL', 'SETUSER', new URL(url).username, `&${prefix}:*`)
  expect(await reset).toEqual([bench.room])
})

test('the commands that wait for a Redis without an answer are limited in bytes, and further ones are refused at once', async () => {
  const { redis, store, participant } = await start('standalone')
  await redis.each((proxy) => proxy.halfOpen())
  const large = text({ data: 'x'.repeat(1024 * 1024) })
  const refused: string[] = []
  const calls = Array.from({ length: 60 }, () =>
    store.log
      .append(participant.write(), large)
      .catch((error: Error) => refused.push(String((error.cause as Error).message))),
  )
  await until(async () => refused.length >= 60 - 33)
  expect(new Set(refused)).toEqual(new Set(['Too many commands wait for Redis']))
  await inTime(Promise.all(calls))
})

test('calls to a room whose slot moves to another master are performed once, after the move, and entries arrive from there', async () => {
  const { redis, store, bench, participant, prefix } = await start('cluster')
  const received = new Set<number>()
  store.pubSub.onResubscribed(async () => {
    for (const { seq } of await bench.log()) received.add(seq)
  })
  await store.pubSub.subscribe(bench.room, ({ seq }) => received.add(seq))
  const slot = await moveSlot(redis, keysOf(prefix).room(bench.room))
  const during = [bench.append(participant), bench.append(participant)]
  await slot.finish()
  const appended = [...(await Promise.all(during)), await bench.append(participant)]
  await until(async () => appended.every((seq) => received.has(seq)))
  const log = await bench.log(1)
  expect(log.filter(({ event }) => event === 'text').map(({ seq }) => seq)).toEqual(appended)
})

/** Begins to move the slot of a key from its master to another master. */
async function moveSlot({ servers }: ProxiedRedis, key: string): Promise<{ finish(): Promise<void> }> {
  const admins = servers.map(({ url }) => new Redis(url))
  onTestFinished(() => {
    for (const admin of admins) admin.disconnect()
  })
  const ids = await Promise.all(admins.map((admin) => admin.call('CLUSTER', 'MYID') as Promise<string>))
  const slot = Number(await admins[0]?.call('CLUSTER', 'KEYSLOT', key))
  const from = Math.floor((slot * servers.length) / 16384)
  const to = (from + 1) % servers.length
  const [source, target] = [admins[from] as Redis, admins[to] as Redis]
  const set = (admin: Redis, state: string, id = '') => admin.call('CLUSTER', 'SETSLOT', slot, state, id)
  await set(target, 'IMPORTING', ids[from])
  await set(source, 'MIGRATING', ids[to])
  return {
    finish: async () => {
      const names = (await source.call('CLUSTER', 'GETKEYSINSLOT', slot, 100)) as string[]
      const { port } = new URL(servers[to]?.url ?? '')
      await source.call('MIGRATE', '127.0.0.1', port, '', 0, 5000, 'KEYS', ...names)
      for (const admin of [target, source, ...admins]) await set(admin, 'NODE', ids[to])
    },
  }
}

test('while the shard with the leases is down, no answer of another shard of the Redis Cluster counts as one of its', async () => {
  const redis = running.get('cluster') as ProxiedRedis
  const prefix = randomPrefix()
  const answers: { operation: string; fromLeaseServer: boolean }[] = []
  const store = createRedisStore(
    { urls: redis.urls, mode: 'cluster' },
    prefix,
    limits,
    (operation, _s, failed, fromLeaseServer) => {
      if (!failed) answers.push({ operation, fromLeaseServer: fromLeaseServer() })
    },
  )
  onTestFinished(async () => {
    await store.close()
    await redis.each((proxy) => proxy.accept())
  })
  await until(async () => store.problem() === undefined)
  await store.nodes.expired()
  expect(answers.at(-1)).toEqual({ operation: 'older-than', fromLeaseServer: true })
  const leaseServer = store.client.addressOf(keysOf(prefix).nodes)
  const proxy = redis.proxies.find(({ url }) => new URL(url).host === leaseServer)
  await proxy?.refuse()
  await refuses(inTime(store.nodes.expired()), 'unavailable')
  answers.length = 0
  const rooms = Array.from({ length: 20 }, (_, n) => `portal/room${n}` as RoomId)
  await Promise.allSettled(rooms.map((room) => inTime(store.log.leapIfBehind(room, 1))))
  expect(answers.length).toBeGreaterThan(0)
  expect(answers.filter(({ fromLeaseServer }) => fromLeaseServer)).toEqual([])
})
