import { test } from 'vitest'
import { defaultDutyIntervals } from '../../src/core/cluster/node-duties.ts'
import { startCluster } from '../support/node.ts'
import { startProcesses } from '../support/process.ts'
import { randomPrefix, redisUrl } from '../support/redis.ts'
import type { Address } from '../support/resilient-client.ts'
import { Traffic } from '../support/traffic.ts'

const window = 3
const env = { RECONNECT_WINDOW: window }

test.each<{ where: string; start: () => Promise<Address[]> }>([
  {
    where: 'one process',
    start: () => startCluster(3, { redis: true, env, parts: { intervals: defaultDutyIntervals } }),
  },
  {
    where: 'three processes',
    start: () => startProcesses(3, { redisUrl: redisUrl(), prefix: randomPrefix(), env }),
  },
])(
  'on three nodes in $where all clients receive all messages, and resume on every node meanwhile',
  {
    timeout: 60_000,
  },
  async ({ start }) => {
    const nodes = await start()
    const traffic = await Traffic.start({ nodes, clients: 6, window })
    await traffic.sendRound()
    const flow = traffic.flow()
    for (let step = 1; step <= nodes.length; step += 1) {
      for (const [index, client] of traffic.clients.entries()) client.move(nodes[(index + step) % nodes.length])
      await traffic.allInRoom()
      await traffic.ledger.more(20)
    }
    await flow.stop()
    await traffic.finish()
  },
)
