import { setTimeout as pause } from 'node:timers/promises'
import type { FakedClock } from '../faked-clock.ts'
import type { Disturbance, Stage } from './disturbance.ts'

async function step(clock: FakedClock, seconds: number, { random, maxOutageMs }: Stage): Promise<void> {
  clock.set(seconds)
  await pause(random.next() * maxOutageMs)
  clock.set(0)
}

/** The system clock of a node is wrong for a while, by a minute or by five. */
export const clockSteps: Disturbance[] = [-300, -60, 60, 300].map((seconds) => ({
  name: `a clock is set by ${seconds} s`,
  happen: (stage) => step(stage.random.pick(stage.cluster.clocks), seconds, stage),
}))

/**
 * The same for Redis while no node starts: a node that was started after a step refuses tickets that are more than 30 s from
 * the future. The clock of Redis is therefore set back by minutes, and ahead by less than that.
 */
export const redisClockSteps: Disturbance[] = [-300, -60, 25].map((seconds) => ({
  name: `the clock of Redis is set by ${seconds} s`,
  happen: async (stage) => {
    if (stage.redisClock) await step(stage.redisClock, seconds, stage)
  },
}))
