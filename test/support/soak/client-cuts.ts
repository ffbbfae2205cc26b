import { setTimeout as pause } from 'node:timers/promises'
import type { Disturbance } from './disturbance.ts'

/** A client of the traffic loses its connection right after it sent messages, or resumes elsewhere while its connection is open. */
export const clientCuts: Disturbance[] = (['engine', 'tcp', 'move'] as const).map((how) => ({
  name: `client cut (${how})`,
  run: async ({ traffic, random }) => {
    const connected = traffic.present.filter(({ inRoom }) => inRoom)
    if (connected.length > 0) {
      const client = random.pick(connected)
      for (let message = 0; message < 3; message += 1) void traffic.sendOne(client)
      if (how === 'move') client.move()
      else client.cut(how)
    }
    await pause(random.next() * 1000)
  },
}))
