import type { Attacker } from '../../test/support/abuse/attacker.ts'
import { crowd } from '../../test/support/abuse/crowd.ts'
import { earlyRequests } from '../../test/support/abuse/early-requests.ts'
import { flood } from '../../test/support/abuse/flood.ts'
import { frames } from '../../test/support/abuse/frames.ts'
import { garbageLogins } from '../../test/support/abuse/garbage-logins.ts'
import { halfSentAttachments } from '../../test/support/abuse/half-sent-attachments.ts'
import { hangingQueue } from '../../test/support/abuse/hanging-queue.ts'
import { largeFrames } from '../../test/support/abuse/large-frames.ts'
import { longNames } from '../../test/support/abuse/names.ts'
import { payloads } from '../../test/support/abuse/payloads.ts'
import { slowReaders } from '../../test/support/abuse/slow-readers.ts'

const idle: Attacker = {
  name: 'no attack, for 5 s',
  refusals: [],
  start: () => new Promise((resolve) => setTimeout(resolve, 5000)),
}

/** Every attacker of test/support/abuse, at a size that shows its effect on a node. */
export const attackers: Attacker[] = [
  idle,
  garbageLogins({ times: 10_000 }),
  flood({ members: 2, rate: 5000, seconds: 5 }),
  slowReaders({ count: 1000 }),
  crowd({ count: 5000, perIp: 100 }),
  largeFrames({ members: 20, frames: 50 }),
  frames({ kind: 'pings', connections: 1, seconds: 20, reads: false }),
  frames({ kind: 'empty pings', connections: 4, seconds: 20, reads: true }),
  frames({ kind: 'fragments', connections: 4, seconds: 20, reads: false }),
  frames({ kind: 'fragments of one byte', connections: 4, seconds: 20, reads: false }),
  frames({ kind: 'tiny events', connections: 4, seconds: 20, reads: true }),
  payloads({ packets: 455_555, payloads: 32, atOnce: 8 }),
  halfSentAttachments({ connections: 20 }),
  earlyRequests({ connections: 80, requests: 100, bytes: 60_000 }),
  earlyRequests({ connections: 80, requests: 100, bytes: 60_000, data: 'lists' }),
  hangingQueue({ members: 16, rate: 50, bytes: 60_000, seconds: 12 }),
  longNames({ clients: 4, names: 40, seconds: 10, length: 60_000 }),
]
