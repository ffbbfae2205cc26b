import { describe, test } from 'vitest'
import { defaultPace } from '../../src/core/lease.ts'
import { startCluster } from '../support/node.ts'
import { startProcesses } from '../support/process.ts'
import { randomPrefix, redisUrl } from '../support/redis.ts'
import type { Address } from '../support/roamer.ts'
import { Traffic } from '../support/traffic.ts'

const window = 4
const env = { RECONNECT_WINDOW: window }

describe.each<[string, () => Promise<Address[]>]>([
  ['in one process', () => startCluster(3, { redis: true, env, parts: { pace: defaultPace } })],
  ['in three processes', () => startProcesses(3, { redisUrl: redisUrl(), prefix: randomPrefix(), env })],
])('three nodes %s', (_, start) => {
  test('everyone hears everyone, wherever they are', { timeout: 90_000 }, async () => {
    const traffic = await Traffic.start({ nodes: await start(), clients: 6, window })
    await traffic.round()
    await Promise.all(Array.from({ length: 200 }, () => traffic.say()))
    await traffic.finish()
  })

  test('a relogin on every node, with messages under way', { timeout: 90_000 }, async () => {
    const nodes = await start()
    const traffic = await Traffic.start({ nodes, clients: 6, window })
    const flow = traffic.flow()
    for (let step = 1; step <= nodes.length; step += 1) {
      for (const [index, roamer] of traffic.roamers.entries()) roamer.move(nodes[(index + step) % nodes.length])
      await traffic.everyoneHome()
      await traffic.ledger.more(20)
    }
    await flow.stop()
    await traffic.finish()
  })
})
