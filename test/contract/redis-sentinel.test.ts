import { Redis } from 'ioredis'
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest'
import type { RedisTarget } from '../../src/state/redis/connection.ts'
import { createRedisState } from '../../src/state/redis/index.ts'
import { type RedisServer, randomPrefix, type SentinelGroup, startSentinel } from '../support/redis.ts'
import { Bench, Ears, refuses, retention, Seated } from './bench.ts'
import { redisFactory } from './redis-factory.ts'
import { describeState } from './state.ts'

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

describeState('redis sentinel', redisFactory(target), { shared: true })

test('after a failover the room goes on, and is heard again', async () => {
  const state = createRedisState(target(), randomPrefix(), retention)
  onTestFinished(() => state.close())
  const bench = new Bench(state, state)
  const seated = await bench.join()
  const ears = new Ears()
  await state.wire.listen(bench.room, ears.hear)
  await state.client.wait(1, 5000) // what the replica does not have is not there after a failover
  const reset = new Promise((resolve) => state.wire.onReset(resolve))
  const connectedAnew = new Promise<void>((resolve) => state.client.links[0]?.redis.once('ready', resolve))

  await group.failover()

  await connectedAnew
  // what is written to the old master until it follows the new one is lost: clients left before that
  expect(await roleOf(group.servers[0])).toBe('master')
  expect(await reset).toEqual([bench.room])
  // numbers go on far above all that the old master may have given, and nothing is missing in between
  expect(await bench.say(seated)).toBeGreaterThan(1_000_000)
  expect(await ears.count(2)).toEqual(await bench.log(1))
  expect(await bench.log(1)).toMatchObject([{ event: 'leap', data: { after: 1 } }, { event: 'text' }])
  await refuses(bench.say(new Seated(seated.request, { ...seated.joined, owner: 'B:1' })), 'moved')
})
