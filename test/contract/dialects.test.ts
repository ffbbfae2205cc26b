import { afterAll, beforeAll, describe } from 'vitest'
import { createMemoryState } from '../../src/state/memory/index.ts'
import { type RedisGroup, redisUrl, startRedisCluster } from '../support/redis.ts'
import { type Abilities, contractOf, type Factory } from './bench.ts'
import { describeLobby } from './open-room-index.ts'
import { redisFactory } from './redis-factory.ts'
import { describeComeBack } from './rejoin.ts'

/** What the dialects without a login of their own need of every store. */
function describeDialects(name: string, factory: Factory, abilities: Abilities = {}): void {
  describe(name, () => {
    const contract = contractOf(factory, abilities)
    describe('come back', () => describeComeBack(contract))
    describe('lobby', () => describeLobby(contract))
  })
}

describeDialects('memory', async (retention) => {
  const state = createMemoryState(retention)
  return { state, close: () => state.close() }
})

describeDialects(
  'redis',
  redisFactory(() => ({ urls: [redisUrl()], mode: 'standalone' })),
  { shared: true },
)

let cluster: RedisGroup
beforeAll(async () => {
  cluster = await startRedisCluster()
})
afterAll(() => cluster?.stop())

describeDialects(
  'redis cluster',
  redisFactory(() => ({ urls: cluster.urls, mode: 'cluster' })),
  { shared: true },
)
