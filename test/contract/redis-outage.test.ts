import { Redis } from 'ioredis'
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest'
import type { RoomId } from '../../src/core/model.ts'
import { createRedisState } from '../../src/state/redis/index.ts'
import { keysOf } from '../../src/state/redis/keys.ts'
import { randomPrefix, startRedis, until } from '../support/redis.ts'
import { type ProxiedRedis, startProxiedRedis } from '../support/redis-proxy.ts'
import { asDocumentedUser } from '../support/redis-user.ts'
import { Bench, EntryRecorder, refuses, retention, text } from './bench.ts'

const modes = ['standalone', 'cluster'] as const

const running = new Map<ProxiedRedis['mode'], ProxiedRedis>()
beforeAll(async () => {
  for (const mode of modes) running.set(mode, await startProxiedRedis(mode))
})
afterAll(async () => {
  for (const redis of running.values()) await redis.stop()
})

/** A node's state and a room in it, behind proxies; `lost` is what an operator was told of connections. */
async function start(mode: ProxiedRedis['mode']) {
  const redis = running.get(mode) as ProxiedRedis
  onTestFinished(() => redis.each((proxy) => proxy.accept()))
  const prefix = randomPrefix()
  const lost: string[] = []
  const report = {
    lost: (connection: string, address: string, cause: string) => lost.push(`${connection} ${address} ${cause}`),
    restored: () => {},
    denied: () => {},
    unsuitable: () => {},
    unreadable: () => {},
    failed: () => {},
  }
  const state = createRedisState({ urls: redis.urls, mode }, prefix, retention, undefined, report)
  onTestFinished(() => state.close())
  const bench = new Bench(state, state)
  const participant = await bench.join()
  const isWell = () => until(async () => state.problem() === undefined)
  const isIll = () => until(async () => state.problem() !== undefined)
  await isWell()
  return { redis, prefix, state, bench, participant, lost, isWell, isIll }
}

/** Rejects when a call takes longer than a client may wait. */
async function inTime<T>(call: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error('nothing was answered for 5 s')), 5000)
  })
  return Promise.race([call, late]).finally(() => clearTimeout(timer))
}

test.each(modes)('when Redis (%s) takes no connection, calls fail within 5 s and none is done later', async (mode) => {
  const { redis, state, bench, participant, lost, isWell } = await start(mode)
  const allRefused = () => {
    const calls = Array.from({ length: 20 }, () =>
      refuses(state.log.append(participant.write(), text()), 'unavailable'),
    )
    return inTime(Promise.all([...calls, refuses(state.ping(), 'unavailable')]))
  }
  const before = redis.proxies.map(({ attempts }) => attempts)
  await redis.each((proxy) => proxy.slam())
  await allRefused()
  const attempts = redis.proxies.map((proxy, index) => proxy.attempts - (before[index] ?? 0))
  expect(Math.max(...attempts)).toBeLessThan(60)
  await redis.each((proxy) => proxy.refuse())
  await allRefused()
  await until(async () => state.problem()?.detail.includes('ECONNREFUSED') === true)
  expect(state.problem()).toEqual({
    reason: 'Redis unreachable',
    detail: expect.stringMatching(/^signalbox-\w+ to 127\.0\.0\.1:\d+: connect ECONNREFUSED 127\.0\.0\.1:\d+$/),
  })
  // what is told of an outage does not grow with the attempts
  expect(lost).toContainEqual(expect.stringMatching(/^signalbox-command 127\.0\.0\.1:\d+ connect ECONNREFUSED/))
  expect(new Set(lost).size).toBe(lost.length)
  await redis.each((proxy) => proxy.accept())
  await isWell()
  await bench.append(participant, { data: 'after' })
  expect((await bench.log()).map(({ data }) => data).slice(1)).toEqual(['after'])
})

test.each(modes)('half-open connections to Redis (%s) are replaced, and rooms are heard again', async (mode) => {
  const { redis, state, bench, participant, lost, isIll, isWell } = await start(mode)
  const recorder = new EntryRecorder()
  await state.pubSub.subscribe(bench.room, recorder.onEntry)
  const reset = new Promise<RoomId[]>((resolve) => state.pubSub.onResubscribed(resolve))
  await redis.each((proxy) => proxy.halfOpen())
  await isIll()
  await isWell()
  expect(await reset).toEqual([bench.room])
  expect(lost).toContainEqual(expect.stringContaining('no answer for 3 s'))
  await inTime(bench.append(participant))
  expect(await recorder.first(1)).toHaveLength(1)
})

test.each(modes)('where only the feed (%s) is half open, the state says so and the feed is replaced', async (mode) => {
  const { redis, state, bench, participant, isIll, isWell } = await start(mode)
  const recorder = new EntryRecorder()
  await state.pubSub.subscribe(bench.room, recorder.onEntry)
  const reset = new Promise<RoomId[]>((resolve) => state.pubSub.onResubscribed(resolve))
  await redis.each((proxy) => proxy.halfOpen('signalbox-feed'))
  await bench.append(participant)
  await isIll()
  expect(state.problem()?.detail).toContain('signalbox-feed')
  await isWell()
  expect(await reset).toEqual([bench.room])
  await bench.append(participant)
  expect((await recorder.first(1)).at(-1)?.seq).toBe(3)
})

test('a subscription that Redis refuses after a reconnection is tried until it is confirmed, and is a reset then', async () => {
  const redis = await startRedis()
  onTestFinished(() => redis.stop())
  const prefix = randomPrefix()
  const url = await asDocumentedUser(redis.url, prefix)
  const state = createRedisState({ urls: [url], mode: 'standalone' }, prefix, retention)
  onTestFinished(() => state.close())
  const bench = new Bench(state, state)
  await state.pubSub.subscribe(bench.room, () => {})
  const reset = new Promise<RoomId[]>((resolve) => state.pubSub.onResubscribed(resolve))
  const admin = new Redis(redis.url)
  onTestFinished(() => admin.disconnect())
  // Redis closes the connections of subscribers who lose a channel
  await admin.call('ACL', 'SETUSER', new URL(url).username, 'resetchannels')
  await until(async () => state.problem()?.reason.startsWith('Redis denies') === true)
  await admin.call('ACL', 'SETUSER', new URL(url).username, `&${prefix}:*`)
  expect(await reset).toEqual([bench.room])
})

test('what waits for a Redis that does not answer is bounded in bytes: the rest is refused at once', async () => {
  const { redis, state, participant } = await start('standalone')
  await redis.each((proxy) => proxy.halfOpen())
  const large = text({ data: 'x'.repeat(1024 * 1024) })
  const refused: string[] = []
  const calls = Array.from({ length: 60 }, () =>
    state.log
      .append(participant.write(), large)
      .catch((error: Error) => refused.push(String((error.cause as Error).message))),
  )
  await until(async () => refused.length >= 60 - 33)
  expect(new Set(refused)).toEqual(new Set(['Too many commands wait for Redis']))
  await inTime(Promise.all(calls))
})

test('a room whose slot moves to another master: calls wait until it has moved and are done once, and the room is heard there', async () => {
  const { redis, state, bench, participant, prefix } = await start('cluster')
  const heard = new Set<number>()
  state.pubSub.onResubscribed(async () => {
    for (const { seq } of await bench.log()) heard.add(seq)
  })
  await state.pubSub.subscribe(bench.room, ({ seq }) => heard.add(seq))
  const slot = await moveSlot(redis, keysOf(prefix).room(bench.room))
  const during = [bench.append(participant), bench.append(participant)]
  await slot.finish()
  const said = [...(await Promise.all(during)), await bench.append(participant)]
  await until(async () => said.every((seq) => heard.has(seq)))
  const log = await bench.log(1)
  expect(log.filter(({ event }) => event === 'text').map(({ seq }) => seq)).toEqual(said)
})

/** Begins to move the slot of a key from its master to another one. */
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

test('while the shard of a Redis Cluster with the leases is away, no answer of another shard counts as one of the leases', async () => {
  const redis = running.get('cluster') as ProxiedRedis
  const prefix = randomPrefix()
  const answers: { operation: string; byLeases: boolean }[] = []
  const state = createRedisState(
    { urls: redis.urls, mode: 'cluster' },
    prefix,
    retention,
    (operation, _s, failed, byLeases) => {
      if (!failed) answers.push({ operation, byLeases: byLeases() })
    },
  )
  onTestFinished(async () => {
    await state.close()
    await redis.each((proxy) => proxy.accept())
  })
  await until(async () => state.problem() === undefined)
  await state.nodes.expired()
  expect(answers.at(-1)).toEqual({ operation: 'older-than', byLeases: true })
  const home = state.client.addressOf(keysOf(prefix).nodes)
  const proxy = redis.proxies.find(({ url }) => new URL(url).host === home)
  await proxy?.refuse()
  await refuses(inTime(state.nodes.expired()), 'unavailable')
  answers.length = 0
  const rooms = Array.from({ length: 20 }, (_, n) => `portal/room${n}` as RoomId)
  await Promise.allSettled(rooms.map((room) => inTime(state.log.heads([room], [1]))))
  expect(answers.length).toBeGreaterThan(0)
  expect(answers.filter(({ byLeases }) => byLeases)).toEqual([])
})
