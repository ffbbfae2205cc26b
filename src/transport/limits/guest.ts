import type { Socket as EngineSocket } from 'engine.io'
import type { Refusals } from '../../refusals.ts'
import { Backlog } from './backlog.ts'
import type { Backlogs } from './backlogs.ts'
import { Flood, type FloodLimits } from './flood.ts'
import { TokenBucket } from './token-bucket.ts'

export type GuestLimits = FloodLimits & { maxBufferedBytes: number }

/** One client's connection, on whichever and however many namespaces it speaks: what it may send, and leave unread. */
export class Guest {
  readonly bucket: TokenBucket
  readonly backlog: Backlog
  /** The namespaces that it has asked for. */
  readonly asked = new Set<string>()

  constructor(engine: EngineSocket, address: string, limits: GuestLimits, backlogs: Backlogs, refusals: Refusals) {
    const { messagesPerSecond, messageBurst, maxBufferedBytes } = limits
    this.bucket = new TokenBucket(messagesPerSecond, messageBurst, Date.now())
    this.backlog = new Backlog(engine, maxBufferedBytes, backlogs, (bytes) =>
      refusals.note('slow_reader', { address, bytes }, 'connection closed'),
    )
    new Flood(engine, limits)
    engine.once('close', (why: string, cause?: Error) => {
      backlogs.gone(this.backlog)
      const reason = reasonOf(why, cause, this.asked.size > 0)
      if (reason) refusals.note(reason, { address }, 'connection closed')
    })
  }
}

/** Of a connection that was closed for what its client sent, or did not send; undefined: for another reason. */
function reasonOf(why: string, cause: Error | undefined, spoke: boolean): string | undefined {
  if (why === 'parse error') return 'bad_packet'
  // in ws's words, as Engine.IO passes on nothing else of its error
  if (why === 'transport error' && cause?.message.includes('Max payload size exceeded')) return 'frame_too_large'
  // by Socket.IO: it has asked for no namespace in 45 s, or for something else
  return why === 'forced close' && !spoke ? 'bad_packet' : undefined
}
