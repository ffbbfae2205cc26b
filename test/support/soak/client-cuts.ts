import { setTimeout as pause } from 'node:timers/promises'
import type { Disturbance } from './disturbance.ts'

/** A client of the traffic loses its connection in the middle of a message, or moves while it stands. */
export const clientCuts: Disturbance[] = (['engine', 'tcp', 'move'] as const).map((how) => ({
  name: `client cut (${how})`,
  happen: async ({ traffic, random }) => {
    const standing = traffic.present.filter(({ home }) => home)
    if (standing.length > 0) {
      const roamer = random.pick(standing)
      for (let message = 0; message < 3; message += 1) void traffic.say(roamer)
      if (how === 'move') roamer.move()
      else roamer.cut(how)
    }
    await pause(random.next() * 1000)
  },
}))
