import { Redis } from 'ioredis'
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest'
import type { RedisTarget } from '../../src/state/redis/connection.ts'
import { createRedisStore } from '../../src/state/redis/index.ts'
import { FaultProxy } from '../support/fault-proxy.ts'
import { type RedisServer, randomPrefix, type SentinelGroup, startSentinel } from '../support/redis.ts'
import { until } from '../support/until.ts'
import { Bench, EntryRecorder, JoinedParticipant, limits, refuses } from './bench.ts'
import { redisFactory } from './redis-factory.ts'
import { describeStore } from './store.ts'

let group: SentinelGroup

beforeAll(async () => {
  group = await startSentinel()
})
afterAll(() => group?.stop())

async function roleOf(server: RedisServer | undefined): Promise<unknown> {
  const admin = new Redis(server?.url ?? '')
  const [role] = await admin.role()
  admin.disconnect()
  return role
}

const target = (): RedisTarget => ({ urls: group.urls, mode: 'sentinel', sentinelName: group.name })

describeStore('redis sentinel', redisFactory(target))

test('the process survives if the connections to the sentinel and the master break during a new subscription to the sentinel', async () => {
  const proxy = await FaultProxy.start()
  proxy.target = Number(new URL(group.urls[0] ?? '').port)
  const sentinel = { ...target(), urls: [`redis://127.0.0.1:${proxy.port}`] }
  const master = new Redis(group.servers[0]?.url ?? '')
  onTestFinished(() => master.disconnect())
  const watcher = new Redis(group.urls[0] ?? '')
  onTestFinished(() => watcher.disconnect())
  const store = createRedisStore(sentinel, randomPrefix(), limits)
  onTestFinished(() => store.close())
  const bench = new Bench(store, store)
  const participant = await bench.join()
  await bench.append(participant)

  const listeners = async () => String(await watcher.client('LIST')).match(/ sub=1 /g)?.length ?? 0
  await until(async () => (await listeners()) >= 2)

  proxy.loseAnswers(/subscribe/i)
  await proxy.refuse()
  await proxy.pass()
  await until(async () => proxy.answersLost === 1)
  const connectedAnew = new Promise<void>((resolve) => store.client.links[0]?.redis.once('ready', resolve))
  for (const type of ['normal', 'pubsub'] as const) await master.call('CLIENT', 'KILL', 'TYPE', type)

  await connectedAnew
  await bench.append(participant)
})

test('a room continues after a failover, and its entries arrive', async () => {
  const store = createRedisStore(target(), randomPrefix(), limits)
  onTestFinished(() => store.close())
  const bench = new Bench(store, store)
  const participant = await bench.join()
  const recorder = new EntryRecorder()
  await store.pubSub.subscribe(bench.room, recorder.onEntry)
  await store.client.wait(1, 5000) // a failover loses writes that the replica does not have
  const reset = new Promise((resolve) => store.pubSub.onResubscribed(resolve))
  const connectedAnew = new Promise<void>((resolve) => store.client.links[0]?.redis.once('ready', resolve))

  await group.failover()

  await connectedAnew
  // the old master loses the writes that it accepts until it follows the new one: clients have left it before that
  expect(await roleOf(group.servers[0])).toBe('master')
  expect(await reset).toEqual([bench.room])
  // the numbers continue far above those that the old master may have given, and no entry is missing in between
  expect(await bench.append(participant)).toBeGreaterThan(1_000_000)
  expect(await recorder.first(2)).toEqual(await bench.log(1))
  expect(await bench.log(1)).toMatchObject([{ event: 'leap', data: { after: 1 } }, { event: 'text' }])
  await refuses(
    bench.append(new JoinedParticipant(participant.request, { ...participant.joined, owner: 'B:1' })),
    'moved',
  )
})
