import { setTimeout as pause } from 'node:timers/promises'
import { faults } from '../faulty-redis.ts'
import type { Disturbance } from './disturbance.ts'

/** Redis fails for a while, in each way of test/support/faulty-redis.ts. */
export const redisFaults: Disturbance[] = faults.map((fault) => ({
  name: `Redis ${fault}`,
  run: async ({ cluster, random, maxOutageMs }) => {
    await cluster.fail(fault)
    await pause(random.next() * maxOutageMs)
    await cluster.allReady()
  },
}))
