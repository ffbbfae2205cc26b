import type { Socket as EngineSocket } from 'engine.io'
import type { BudgetHolder } from '../core/ports/memory-budget.ts'
import type { RefusalLog } from '../observability/refusal-log.ts'
import { DeliveryConfirmations } from './delivery-confirmations.ts'
import type { FloodLimits } from './limits/flood-control.ts'
import { HeldRequests } from './limits/held-requests.ts'
import { IncompletePacket } from './limits/incomplete-packet.ts'
import { decodeLegacyPayloads } from './limits/legacy-payload.ts'
import type { MemoryBudget } from './limits/memory-budget.ts'
import { openWebSocketInputBytes, partialRequestBytes } from './limits/partial-input.ts'
import { Posts } from './limits/posts.ts'
import { SendBuffer } from './limits/send-buffer.ts'
import { TokenBucket } from './limits/token-bucket.ts'
import { PollingOutput } from './polling-output.ts'

export type ClientLimits = FloodLimits & { maxBufferedBytes: number }

/** For how long a client that is to be closed may take what it was sent before, ms. */
const closeTimeoutMs = 5000

/** A client's budget has room for so many of the largest messages, also where less may be left unread. */
export const minBudgetMessages = 32

/**
 * One client's connection, on whichever and however many namespaces it speaks: what it may send, and what the node holds
 * for it. That has one budget: unread output, requests without an ack, and packets that are not complete.
 */
export class ClientConnection implements BudgetHolder {
  readonly bucket: TokenBucket
  readonly sendBuffer: SendBuffer
  readonly confirmations: DeliveryConfirmations
  /** What it sends by long-polling. */
  readonly posts: Posts
  readonly requests = new HeldRequests()
  /** The namespaces that it is being admitted to. */
  readonly admitting = new Set<string>()
  /** The namespaces that it has asked for. */
  readonly namespaces = new Set<string>()
  /** It is we who close the connection, for a reason that is counted elsewhere or is no refusal. */
  closedByNode = false
  #closing: NodeJS.Timeout | undefined
  readonly #ended: (reason: string, about?: object) => void
  readonly #engine: EngineSocket
  readonly #memory: MemoryBudget
  readonly #packet: IncompletePacket
  readonly #budgetBytes: number

  constructor(engine: EngineSocket, address: string, limits: ClientLimits, memory: MemoryBudget, refusals: RefusalLog) {
    const { messagesPerSecond, messageBurst, maxBufferedBytes, maxMessageBytes } = limits
    this.bucket = new TokenBucket(messagesPerSecond, messageBurst, performance.now())
    this.#ended = (reason, about) => {
      this.closedByNode = true
      refusals.note(reason, { address, ...about }, 'connection closed')
    }
    this.#engine = engine
    this.#memory = memory
    this.#budgetBytes = Math.max(maxBufferedBytes, minBudgetMessages * maxMessageBytes)
    const output = new PollingOutput(engine)
    this.sendBuffer = new SendBuffer(engine, output, maxBufferedBytes, {
      grown: (bytes) => this.#grown(bytes),
      exceeded: (bytes) => this.#ended('slow_reader', { bytes }),
    })
    this.#packet = new IncompletePacket(engine, {
      grown: (bytes) => this.#received(bytes),
      late: () => this.#close('incomplete_packet'),
    })
    this.confirmations = new DeliveryConfirmations(engine, output)
    this.posts = new Posts(engine, limits, {
      slowed: ({ address }) => refusals.note('flood', { address }, 'client read slower'),
      refused: (reason, { address }) => refusals.note(reason, { address }, 'HTTP request refused'),
      ended: (reason, { address }) => this.#ended(reason, { address }),
    })
    decodeLegacyPayloads(engine)
    memory.add(this)
    engine.once('close', (why: string, cause?: Error) => {
      clearTimeout(this.#closing)
      memory.remove(this)
      const reason = this.closedByNode ? undefined : reasonOf(why, cause, this.namespaces.size > 0)
      if (reason) this.#ended(reason)
    })
  }

  get bytes(): number {
    return this.sendBuffer.bytes + this.requests.bytes + this.#packet.bytes + this.partialBytes
  }

  /** The node's budget has the WebSocket as a holder of its own; the client's budget counts both. */
  get #ownBytes(): number {
    return this.bytes + openWebSocketInputBytes(this.#engine)
  }

  get unreadBytes(): number {
    return this.sendBuffer.bytes
  }

  get partialBytes(): number {
    return partialRequestBytes(this.#engine)
  }

  /**
   * Counts a request until its ack is sent, which calls the result; undefined when the budget has no room for it. One at
   * a time there is always room for.
   */
  holdRequest(heapBytes: number): (() => void) | undefined {
    if (this.requests.bytes > 0 && this.#ownBytes + heapBytes > this.#budgetBytes) return undefined
    const release = this.requests.hold(heapBytes)
    this.#memory.grown(this, heapBytes)
    return release
  }

  /** For the node's budget: what most of its memory is held for is refused in words, or else the connection is closed. */
  shed(): number {
    const before = this.bytes
    if (this.requests.bytes > before / 2 && this.requests.shed() > before / 4) return before - this.bytes
    if (this.unreadBytes > before / 2) this.sendBuffer.abandon()
    else this.#close('node_memory')
    return this.#giveUp(before)
  }

  shedUnread(): number {
    const bytes = this.unreadBytes
    this.sendBuffer.abandon()
    return this.#giveUp(bytes)
  }

  /** The connection is being closed: it holds nothing that could be relieved again. */
  #giveUp(bytes: number): number {
    this.#memory.remove(this)
    return bytes
  }

  /** Unread output has grown: what waits for an answer makes room for it, which is short. */
  #grown(bytes: number): void {
    this.#memory.grown(this, bytes)
    if (this.requests.bytes > 0 && this.#ownBytes > this.#budgetBytes) this.requests.shed()
  }

  /** More of an incomplete packet has arrived. */
  #received(bytes: number): void {
    this.#memory.grown(this, bytes)
    if (this.#ownBytes > this.#budgetBytes) this.#close('client_memory')
  }

  #close(reason: string): void {
    if (!this.closedByNode) this.#ended(reason, { bytes: this.bytes })
    this.sendBuffer.terminate()
  }

  /** The connection is about to be closed: Engine.IO sends first what waits, which a frozen client never takes. */
  closing(): void {
    this.#closing ??= setTimeout(() => {
      this.closedByNode = true
      this.sendBuffer.terminate()
    }, closeTimeoutMs).unref()
  }

  /** It sent a packet that makes no sense, on whichever of its namespaces. */
  protocolError(): void {
    if (!this.closedByNode) this.#ended('bad_packet')
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
