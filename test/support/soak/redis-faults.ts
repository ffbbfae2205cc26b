import { setTimeout as pause } from 'node:timers/promises'
import { faults } from '../faulty-redis.ts'
import type { Disturbance } from './disturbance.ts'

/** Redis fails in each way that test/support/faulty-redis.ts knows. */
export const redisFaults: Disturbance[] = faults.map((fault) => ({
  name: `Redis ${fault}`,
  happen: async ({ cluster, random, maxOutageMs }) => {
    await cluster.fail(fault)
    await pause(random.next() * maxOutageMs)
    await cluster.allReady()
  },
}))
