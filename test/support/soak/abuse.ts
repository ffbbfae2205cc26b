import type { Attacker } from '../abuse/attacker.ts'
import { frames } from '../abuse/frames.ts'
import { garbageLogins } from '../abuse/garbage-logins.ts'
import { halfSentAttachments } from '../abuse/half-sent-attachments.ts'
import { largeFrames } from '../abuse/large-frames.ts'
import { payloads } from '../abuse/payloads.ts'
import { testSecret } from '../node.ts'
import type { Disturbance } from './disturbance.ts'

const attackers: Attacker[] = [
  garbageLogins({ times: 50 }),
  largeFrames({ members: 2, frames: 3 }),
  frames({ kind: 'pings', connections: 1, seconds: 0.5, reads: false }),
  frames({ kind: 'fragments', connections: 1, seconds: 0.5, reads: false }),
  payloads({ packets: 50_000, payloads: 1, atOnce: 1 }),
  halfSentAttachments({ connections: 1 }),
]

/** The attackers of `npm run bench:abuse`, each at a small size. */
export const abuse: Disturbance[] = attackers.map(({ name, start }) => ({
  name,
  run: async ({ nodes, random }) => {
    const target = {
      url: random.pick(nodes).url,
      secret: testSecret,
      refusals: async () => ({}),
      whileRedisHangs: (act: () => Promise<void>) => act(),
    }
    await start(target).catch(() => {}) // another disturbance may stop its node
  },
}))
