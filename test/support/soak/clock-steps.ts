import { setTimeout as pause } from 'node:timers/promises'
import type { Disturbance } from './disturbance.ts'

/** The system clock of a node is wrong for a while, by a minute or by five. */
export const clockSteps: Disturbance[] = [-300, -60, 60, 300].map((seconds) => ({
  name: `a clock is set by ${seconds} s`,
  happen: async ({ cluster, random, maxOutageMs }) => {
    const clock = random.pick(cluster.clocks)
    clock.set(seconds)
    await pause(random.next() * maxOutageMs)
    clock.set(0)
  },
}))
