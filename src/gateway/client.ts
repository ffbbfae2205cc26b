import type { Socket as EngineSocket } from 'engine.io'
import type { BudgetHolder } from '../core/ports/memory-budget.ts'
import type { RefusalLog } from '../observability/refusal-log.ts'
import { DeliveryConfirmations } from './delivery-confirmations.ts'
import { decodeLegacyPayloads } from './legacy-payload.ts'
import type { FloodLimits } from './limits/flood-control.ts'
import { IncompletePacket } from './limits/incomplete-packet.ts'
import type { NodeMemoryBudget } from './limits/memory-budget.ts'
import { openWebSocketInputBytes, partialRequestBytes } from './limits/partial-input.ts'
import { PendingRequests } from './limits/pending-requests.ts'
import { Posts } from './limits/posts.ts'
import { SendBuffer } from './limits/send-buffer.ts'
import { TokenBucket } from './limits/token-bucket.ts'
import { PollingOutput } from './polling-output.ts'

export type ClientLimits = FloodLimits & { maxBufferedBytes: number }

/** How long a client may take to read what was sent before its connection is closed, ms. */
const closeTimeoutMs = 5000

/** A client's memory budget holds at least this many messages of the maximum size. */
export const minBudgetMessages = 32

/**
 * One client, with one Engine.IO connection for all its namespaces: the limits of what it sends, and the memory that the node holds
 * for it. Unread output, requests without an ack and incomplete packets share one budget.
 */
export class Client implements BudgetHolder {
  readonly bucket: TokenBucket
  readonly sendBuffer: SendBuffer
  readonly confirmations: DeliveryConfirmations
  /** Its POST requests with long-polling. */
  readonly posts: Posts
  readonly requests = new PendingRequests()
  /** The namespaces whose CONNECT is being answered. */
  readonly admitting = new Set<string>()
  /** The namespaces to which it has sent a CONNECT. */
  readonly namespaces = new Set<string>()
  /** The node closes the connection, and has already counted the reason if it is a refusal. */
  closedByNode = false
  #closing: NodeJS.Timeout | undefined
  readonly #noteClosed: (reason: string, about?: object) => void
  readonly #engine: EngineSocket
  readonly #memory: NodeMemoryBudget
  readonly #packet: IncompletePacket
  readonly #budgetBytes: number

  constructor(
    engine: EngineSocket,
    address: string,
    limits: ClientLimits,
    memory: NodeMemoryBudget,
    refusals: RefusalLog,
  ) {
    const { messagesPerSecond, messageBurst, maxBufferedBytes, maxMessageBytes } = limits
    this.bucket = new TokenBucket(messagesPerSecond, messageBurst, performance.now())
    this.#noteClosed = (reason, about) => {
      this.closedByNode = true
      refusals.note(reason, { address, ...about }, 'connection closed')
    }
    this.#engine = engine
    this.#memory = memory
    this.#budgetBytes = Math.max(maxBufferedBytes, minBudgetMessages * maxMessageBytes)
    const output = new PollingOutput(engine)
    this.sendBuffer = new SendBuffer(engine, output, maxBufferedBytes, {
      grown: (bytes) => this.#grown(bytes),
      exceeded: (bytes) => this.#noteClosed('slow_reader', { bytes }),
    })
    this.#packet = new IncompletePacket(engine, {
      grown: (bytes) => this.#received(bytes),
      late: () => this.#close('incomplete_packet'),
    })
    this.confirmations = new DeliveryConfirmations(engine, output)
    this.posts = new Posts(engine, limits, {
      slowed: ({ address }) => refusals.note('flood', { address }, 'client read slower'),
      refused: (reason, { address }) => refusals.note(reason, { address }, 'HTTP request refused'),
      ended: (reason, { address }) => this.#noteClosed(reason, { address }),
    })
    decodeLegacyPayloads(engine)
    memory.add(this)
    engine.once('close', (why: string, cause?: Error) => {
      clearTimeout(this.#closing)
      memory.remove(this)
      const reason = this.closedByNode ? undefined : reasonOf(why, cause, this.namespaces.size > 0)
      if (reason) this.#noteClosed(reason)
    })
  }

  get bytes(): number {
    return this.sendBuffer.bytes + this.requests.bytes + this.#packet.bytes + this.partialBytes
  }

  /** In the node's budget the WebSocket is a holder of its own. The client's budget counts it too. */
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
   * Reserves memory for a request until the returned function is called. There is always room for one request.
   * @returns undefined if the budget has no room
   */
  reserve(heapBytes: number): (() => void) | undefined {
    if (this.requests.bytes > 0 && this.#ownBytes + heapBytes > this.#budgetBytes) return undefined
    const free = this.requests.reserve(heapBytes)
    this.#memory.grown(this, heapBytes)
    return free
  }

  /** Frees memory for the node: refuses waiting requests if they hold most of it, or closes the connection. Returns the bytes. */
  shed(): number {
    const before = this.bytes
    if (this.requests.bytes > before / 2 && this.requests.shed() > before / 4) return before - this.bytes
    if (this.unreadBytes > before / 2) this.sendBuffer.abandon()
    else this.#close('node_memory')
    return this.#leaveBudget(before)
  }

  shedUnread(): number {
    const bytes = this.unreadBytes
    this.sendBuffer.abandon()
    return this.#leaveBudget(bytes)
  }

  /** Removes a closing connection from the node's budget: it cannot free more. */
  #leaveBudget(bytes: number): number {
    this.#memory.remove(this)
    return bytes
  }

  /** Unread output has grown. If the budget is exceeded, the node refuses waiting requests: their refusals are small. */
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
    if (!this.closedByNode) this.#noteClosed(reason, { bytes: this.bytes })
    this.sendBuffer.terminate()
  }

  /** Terminates a closing connection after a time: Engine.IO first waits until the client has read everything, which may be never. */
  terminateSoon(): void {
    this.#closing ??= setTimeout(() => {
      this.closedByNode = true
      this.sendBuffer.terminate()
    }, closeTimeoutMs).unref()
  }

  /** The client has sent an invalid packet on one of its namespaces. */
  protocolError(): void {
    if (!this.closedByNode) this.#noteClosed('bad_packet')
  }
}

/** Engine.IO's errors for long-polling requests that its protocol forbids. The WebSocket server counts the errors of ws itself. */
const misuse = /overlap from client|invalid content|invalid heartbeat/

/** The refusal if the connection closed because of what its client sent or did not send. @param connected whether it sent a CONNECT */
function reasonOf(why: string, cause: Error | undefined, connected: boolean): string | undefined {
  if (why === 'parse error') return 'bad_packet'
  if (why === 'transport error' && misuse.test(cause?.message ?? '')) return 'bad_packet'
  // Socket.IO closes a client that sends no CONNECT within 45 s, or another packet before it
  return why === 'forced close' && !connected ? 'bad_packet' : undefined
}
