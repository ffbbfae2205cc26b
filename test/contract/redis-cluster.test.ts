import { Redis } from 'ioredis'
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest'
import type { RedisTarget } from '../../src/state/redis/connection.ts'
import { createRedisState } from '../../src/state/redis/index.ts'
import { type RedisGroup, type RedisServer, randomPrefix, startRedisCluster } from '../support/redis.ts'
import { Bench, Ears, retention } from './bench.ts'
import { redisFactory } from './redis-factory.ts'
import { describeState } from './state.ts'

let cluster: RedisGroup

beforeAll(async () => {
  cluster = await startRedisCluster()
})
afterAll(() => cluster?.stop())

async function killSubscribers({ url }: RedisServer): Promise<void> {
  const admin = new Redis(url)
  await admin.client('KILL', 'TYPE', 'PUBSUB')
  admin.disconnect()
}

const target = (): RedisTarget => ({ urls: cluster.urls, mode: 'cluster' })

describeState('redis cluster', redisFactory(target), { shared: true })

test('rooms are spread over the masters, and one address is enough to find them', async () => {
  const [first = ''] = cluster.urls
  const state = createRedisState({ ...target(), urls: [first] }, randomPrefix(), retention)
  onTestFinished(() => state.close())
  const heard: Ears[] = []
  for (let n = 0; n < 30; n += 1) {
    const bench = new Bench(state, state)
    const ears = new Ears()
    heard.push(ears)
    await state.wire.listen(bench.room, ears.hear)
    await bench.say(await bench.join())
  }
  for (const ears of heard) expect(await ears.count(2)).toHaveLength(2)
  const sizes = await Promise.all(
    'nodes' in state.client ? state.client.nodes('master').map((node) => node.dbsize()) : [],
  )
  expect(sizes).toHaveLength(3)
  for (const size of sizes) expect(size).toBeGreaterThan(0)
})

test('a subscription that broke is established again, and said so', async () => {
  const state = createRedisState(target(), randomPrefix(), retention)
  onTestFinished(() => state.close())
  const bench = new Bench(state, state)
  const seated = await bench.join()
  const ears = new Ears()
  await state.wire.listen(bench.room, ears.hear)
  const reset = new Promise((resolve) => state.wire.onReset(resolve))
  for (const server of cluster.servers) await killSubscribers(server)
  expect(await reset).toEqual([bench.room])
  await bench.say(seated)
  expect(await ears.count(1)).toEqual(await bench.log(1))
})
