import { Redis } from 'ioredis'
import { expect, onTestFinished, test } from 'vitest'
import { expectUnharmed, startProcesses } from '../support/process.ts'
import { randomPrefix, startRedis } from '../support/redis.ts'
import { Traffic } from '../support/traffic.ts'

const window = 4

test('repeated kills of the connections to Redis, for commands, subscriptions or both, lose no message', {
  timeout: 90_000,
}, async () => {
  const redis = await startRedis()
  onTestFinished(() => redis.stop())
  const env = { RECONNECT_WINDOW: window }
  const nodes = await startProcesses(3, { redisUrl: redis.url, prefix: randomPrefix(), env })
  const admin = new Redis(redis.url)
  onTestFinished(() => admin.disconnect())
  const traffic = await Traffic.start({ nodes, clients: 9, window })
  const flow = traffic.flow(300)
  for (const kinds of [['PUBSUB'], ['NORMAL'], ['PUBSUB', 'NORMAL']]) {
    for (let time = 0; time < 10; time += 1) {
      await traffic.ledger.more(30)
      const killed = await Promise.all(kinds.map((kind) => admin.call('CLIENT', 'KILL', 'TYPE', kind)))
      expect(Math.min(...killed.map(Number))).toBeGreaterThan(0)
      if (time % 3 === 0) traffic.random.pick(traffic.present).cut()
    }
  }
  await traffic.ledger.more(30)
  await flow.stop()
  await expectUnharmed(nodes)
  await traffic.finish()
})
