import type { Socket as EngineSocket } from 'engine.io'
import type { Refusals } from '../../refusals.ts'
import { DeliveryConfirmations } from '../delivery-confirmations.ts'
import { Backlog } from './backlog.ts'
import type { Backlogs } from './backlogs.ts'
import { Flood, type FloodLimits } from './flood.ts'
import { TokenBucket } from './token-bucket.ts'

export type GuestLimits = FloodLimits & { maxBufferedBytes: number }

/** One client's connection, on whichever and however many namespaces it speaks: what it may send, and leave unread. */
export class Guest {
  readonly bucket: TokenBucket
  readonly backlog: Backlog
  readonly confirmations: DeliveryConfirmations
  /** The namespaces that it has asked for. */
  readonly asked = new Set<string>()
  /** It is we who close the connection, for a reason that is counted elsewhere or is no refusal. */
  letGo = false
  readonly #refused: (reason: string, about?: object) => void

  constructor(engine: EngineSocket, address: string, limits: GuestLimits, backlogs: Backlogs, refusals: Refusals) {
    const { messagesPerSecond, messageBurst, maxBufferedBytes } = limits
    this.bucket = new TokenBucket(messagesPerSecond, messageBurst, Date.now())
    this.#refused = (reason, about) => refusals.note(reason, { address, ...about }, 'connection closed')
    this.backlog = new Backlog(engine, maxBufferedBytes, backlogs, (bytes) => {
      this.letGo = true
      this.#refused('slow_reader', { bytes })
    })
    this.confirmations = new DeliveryConfirmations(engine)
    new Flood(engine, limits)
    engine.once('close', (why: string, cause?: Error) => {
      backlogs.gone(this.backlog)
      const reason = reasonOf(why, cause, this.asked.size > 0)
      if (reason) this.#refused(reason)
    })
  }

  /** It sent a packet that makes no sense, on whichever of its namespaces. */
  misspoke(): void {
    if (this.letGo) return
    this.letGo = true
    this.#refused('bad_packet')
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
