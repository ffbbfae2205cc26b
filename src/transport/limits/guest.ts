import type { Socket as EngineSocket } from 'engine.io'
import type { Refusals } from '../../refusals.ts'
import { DeliveryConfirmations } from '../delivery-confirmations.ts'
import { Backlog } from './backlog.ts'
import type { Backlogs } from './backlogs.ts'
import type { FloodLimits } from './flood.ts'
import { decodeLegacyPayloads } from './legacy-payload.ts'
import { Posts } from './posts.ts'
import { TokenBucket } from './token-bucket.ts'

export type GuestLimits = FloodLimits & { maxBufferedBytes: number }

/** One client's connection, on whichever and however many namespaces it speaks: what it may send, and leave unread. */
export class Guest {
  readonly bucket: TokenBucket
  readonly backlog: Backlog
  readonly confirmations: DeliveryConfirmations
  /** What it sends by long-polling. */
  readonly posts: Posts
  /** The namespaces that it has asked for. */
  readonly asked = new Set<string>()
  /** It is we who close the connection, for a reason that is counted elsewhere or is no refusal. */
  letGo = false
  readonly #ended: (reason: string, about?: object) => void

  constructor(engine: EngineSocket, address: string, limits: GuestLimits, backlogs: Backlogs, refusals: Refusals) {
    const { messagesPerSecond, messageBurst } = limits
    this.bucket = new TokenBucket(messagesPerSecond, messageBurst, Date.now())
    this.#ended = (reason, about) => {
      this.letGo = true
      refusals.note(reason, { address, ...about }, 'connection closed')
    }
    this.backlog = new Backlog(engine, limits.maxBufferedBytes, backlogs, (bytes) => {
      this.#ended('slow_reader', { bytes })
    })
    this.confirmations = new DeliveryConfirmations(engine)
    this.posts = new Posts(engine, limits, {
      slowed: ({ address }) => refusals.note('flood', { address }, 'client read slower'),
      refused: (reason, { address }) => refusals.note(reason, { address }, 'HTTP request refused'),
      ended: (reason, { address }) => this.#ended(reason, { address }),
    })
    decodeLegacyPayloads(engine)
    engine.once('close', (why: string, cause?: Error) => {
      backlogs.gone(this.backlog)
      const reason = this.letGo ? undefined : reasonOf(why, cause, this.asked.size > 0)
      if (reason) this.#ended(reason)
    })
  }

  /** It sent a packet that makes no sense, on whichever of its namespaces. */
  misspoke(): void {
    if (!this.letGo) this.#ended('bad_packet')
  }
}

/** Errors of Engine.IO for requests of long-polling that its protocol forbids. What ws refuses is counted there. */
const misuse = /overlap from client|invalid content|invalid heartbeat/

/** Of a connection that was closed for what its client sent, or did not send; undefined: for another reason. */
function reasonOf(why: string, cause: Error | undefined, spoke: boolean): string | undefined {
  if (why === 'parse error') return 'bad_packet'
  if (why === 'transport error' && misuse.test(cause?.message ?? '')) return 'bad_packet'
  // by Socket.IO: it has asked for no namespace in 45 s, or for something else
  return why === 'forced close' && !spoke ? 'bad_packet' : undefined
}
