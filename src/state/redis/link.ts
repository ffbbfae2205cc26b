import { Redis, type RedisOptions } from 'ioredis'
import type { StoreProblem } from '../../core/ports/store.ts'
import { withTimeout } from '../../core/timeout.ts'
import { Probe, probeIntervalMs } from './probe.ts'
import { type RedisReport, unreachable } from './report.ts'

/** How long connecting, and then the handshake, may take, ms each. */
const connectTimeoutMs = 2000

/** How long the commands before QUIT may take when the connection is closed, ms. */
const quitTimeoutMs = 500

/** How many causes of one outage the log gets. */
const maxReportedCauses = 5

/** The options that differ between connections. Time-outs and queues are the same for all. */
export type LinkOptions = Omit<RedisOptions, 'replyMapping'> & { connectionName: string }

export type LinkEvents = {
  /** It is usable again. Its subscriptions have ended. */
  up(): void
  down(): void
  /** The server removed a subscription, because its slot moved to another server. */
  moved(): void
}

/**
 * A connection to one server, or to the master that the sentinels name. It reconnects whenever it breaks or receives nothing for
 * too long, until it is closed. It does not queue: it writes a command at once or rejects it, and rejects it when the connection
 * breaks before the answer.
 */
export class RedisLink {
  readonly redis: Redis
  readonly address: string
  readonly #name: string
  readonly #events: LinkEvents
  readonly #report: RedisReport
  readonly #probe: Probe
  readonly #timer: NodeJS.Timeout
  #epoch = 0
  #cause = 'not connected yet'
  #error: Error | undefined
  #downSince: number | undefined = performance.now()
  #handshakeProbes = 0
  #closed = false
  readonly #reported = new Set<string>()

  constructor(address: string, options: LinkOptions, events: LinkEvents, report: RedisReport) {
    this.address = address
    this.#name = options.connectionName
    this.#events = events
    this.#report = report
    this.redis = new Redis({
      ...options,
      enableOfflineQueue: false,
      autoResubscribe: false,
      maxRetriesPerRequest: 0, // rejects unanswered commands when the connection breaks
      connectTimeout: connectTimeoutMs,
      disconnectTimeout: 1, // a dead peer does not answer a FIN either
      retryStrategy: (attempt) => Math.min(20 * 2 ** Math.min(attempt, 6), 1000) * (0.75 + Math.random() / 2),
    })
    this.#probe = new Probe(this.redis)
    this.redis.on('connecting', () => {
      this.#error = undefined
    })
    this.redis.on('ready', () => this.#up())
    this.redis.on('error', (error: Error) => this.#failed(error))
    this.redis.on('close', () => this.#down('the connection was closed'))
    this.redis.on('end', () => this.#restart())
    this.redis.on('moved', () => {
      this.#epoch += 1
      events.moved()
    })
    this.#timer = setInterval(() => this.#watch(), probeIntervalMs)
    this.#timer.unref()
  }

  get ready(): boolean {
    return this.redis.status === 'ready' && this.redis.stream.writable
  }

  /**
   * Identifies this connection. It changes on every reconnection, and when the server removes subscriptions, so that
   * subscribers know that they have to subscribe again.
   */
  get id(): string {
    return `${this.address} ${this.#epoch}`
  }

  /** How long the link has been down, ms. */
  get downMs(): number {
    return this.#downSince === undefined ? 0 : performance.now() - this.#downSince
  }

  /** Why the link is down; undefined while it is up. */
  get problem(): StoreProblem | undefined {
    return this.ready ? undefined : unreachable(`${this.#name} to ${this.address}: ${this.#cause}`)
  }

  /** The first error of the last attempt to connect. */
  get error(): Error | undefined {
    return this.#error
  }

  /** Closes the connection and opens another one. */
  replace(cause: string): void {
    this.#down(cause)
    this.redis.disconnect(true)
  }

  /** Resolves when Redis has executed everything that was written before, or does not answer. */
  async close(): Promise<void> {
    if (this.#closed) return
    this.#closed = true
    clearInterval(this.#timer)
    if (this.ready) await answerWithin(quitTimeoutMs, this.redis.quit()).catch(() => {})
    this.redis.disconnect()
  }

  #up(): void {
    this.#epoch += 1
    this.#downSince = undefined
    if (this.#reported.size > 0) this.#report.reconnected(this.#name, this.address)
    this.#reported.clear()
    this.#events.up()
  }

  #failed(error: Error & { command?: { name?: string } }): void {
    this.#error ??= error // later errors of the same attempt are consequences
    this.#reportCause(causeOf(error))
    // ioredis would continue with database 0, which may belong to another cluster
    if (error.command?.name === 'select') this.redis.disconnect(true)
  }

  #down(cause: string): void {
    if (this.#downSince !== undefined) return
    this.#downSince = performance.now()
    this.#reportCause(cause)
    if (!this.#closed) this.#events.down()
  }

  /** The log has a line for each cause of an outage, not for each attempt to reconnect. */
  #reportCause(cause: string): void {
    this.#cause = cause
    if (this.#closed || this.#reported.has(cause) || this.#reported.size === maxReportedCauses) return
    this.#reported.add(cause)
    this.#report.lost(this.#name, this.address, cause)
  }

  /** ioredis stops reconnecting if an attempt is interrupted while it looks up the address. */
  #restart(): void {
    if (this.#closed) return
    this.#down('ioredis stopped reconnecting')
    setTimeout(() => {
      if (!this.#closed) this.redis.connect().catch(() => {})
    }, probeIntervalMs).unref()
  }

  #watch(): void {
    if (this.#probe.probe()) this.replace('no answer for 3 s')
    this.#handshakeProbes = this.redis.status === 'connect' ? this.#handshakeProbes + 1 : 0
    if (this.#handshakeProbes * probeIntervalMs > connectTimeoutMs) {
      this.#handshakeProbes = 0
      this.#reportCause('no answer to the handshake for 2 s')
      this.redis.disconnect(true)
    }
  }
}

/** The AggregateError of Node.js, for a host with several addresses, has no message. */
function causeOf(error: Error): string {
  const [first] = error instanceof AggregateError ? error.errors : [error]
  const { message, code } = first as Error & { code?: string }
  return message || code || String(error)
}

/** @throws Error when the answer takes longer */
export function answerWithin<T>(ms: number, answer: Promise<T>): Promise<T> {
  return withTimeout(ms, answer, () => {
    throw new Error(`No answer from Redis for ${ms} ms`)
  })
}
