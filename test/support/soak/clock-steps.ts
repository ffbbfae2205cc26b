import { setTimeout as pause } from 'node:timers/promises'
import type { FakedClock } from '../faked-clock.ts'
import type { Disturbance, Stage } from './disturbance.ts'

async function step(clock: FakedClock, seconds: number, { random, maxOutageMs }: Stage): Promise<void> {
  clock.set(seconds)
  await pause(random.next() * maxOutageMs)
  clock.set(0)
}

/** The system clock of a node is wrong for a while, by one minute or by five. */
export const clockSteps: Disturbance[] = [-300, -60, 60, 300].map((seconds) => ({
  name: `a clock is set by ${seconds} s`,
  run: (stage) => step(stage.random.pick(stage.cluster.clocks), seconds, stage),
}))

/**
 * The same for Redis while no node starts. It is set back by minutes, but ahead by less than 30 s: a node that starts after the
 * step refuses tickets whose dates are more than 30 s in the future.
 */
export const redisClockSteps: Disturbance[] = [-300, -60, 25].map((seconds) => ({
  name: `the clock of Redis is set by ${seconds} s`,
  run: async (stage) => {
    if (stage.redisClock) await step(stage.redisClock, seconds, stage)
  },
}))
