import { Redis, type RedisOptions } from 'ioredis'
import type { StoreProblem } from '../../core/ports/state.ts'
import { withTimeout } from '../../core/timeout.ts'
import { Probe, probeIntervalMs } from './probe.ts'
import { type RedisReport, unreachable } from './report.ts'

/** How long connecting, and then the handshake, may take, ms each. */
const connectTimeoutMs = 2000

/** How long the commands before QUIT may take when the connection is closed, ms. */
const quitTimeoutMs = 500

/** How many causes of one outage are reported. */
const maxReportedCauses = 5

/** Everything but the time-outs and queues, which are the same for every connection. */
export type LinkOptions = Omit<RedisOptions, 'replyMapping'> & { connectionName: string }

export type LinkEvents = {
  /** It can be used again. Earlier subscriptions are gone. */
  up(): void
  down(): void
  /** The server removed a subscription, because its slot moved to another server. */
  moved(): void
}

/**
 * One connection to one server, or to the master that the sentinels name. It is opened anew whenever it breaks or falls
 * silent, until it is closed. It queues nothing: a command is written at once or rejected, and rejected when the
 * connection breaks before the answer.
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
  #shaking = 0
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
      maxRetriesPerRequest: 0, // rejects what is not answered when the connection breaks
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
    this.#timer = setInterval(() => this.#turn(), probeIntervalMs)
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

  /** Gives the connection up and opens another one. */
  replace(cause: string): void {
    this.#down(cause)
    this.redis.disconnect(true)
  }

  /** Resolves when everything that was written before is done, or cannot be. */
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
    if (this.#reported.size > 0) this.#report.restored(this.#name, this.address)
    this.#reported.clear()
    this.#events.up()
  }

  #failed(error: Error & { command?: { name?: string } }): void {
    this.#error ??= error // what follows in the same attempt comes of it
    this.#noteCause(causeOf(error))
    // ioredis would go on with database 0, which may be another cluster's
    if (error.command?.name === 'select') this.redis.disconnect(true)
  }

  #down(cause: string): void {
    if (this.#downSince !== undefined) return
    this.#downSince = performance.now()
    this.#noteCause(cause)
    if (!this.#closed) this.#events.down()
  }

  /** An outage has a line for each of its causes and not for each attempt. */
  #noteCause(cause: string): void {
    this.#cause = cause
    if (this.#closed || this.#reported.has(cause) || this.#reported.size === maxReportedCauses) return
    this.#reported.add(cause)
    this.#report.lost(this.#name, this.address, cause)
  }

  /** ioredis stops reconnecting when an attempt is interrupted during the lookup of the address. */
  #restart(): void {
    if (this.#closed) return
    this.#down('the connection was given up')
    setTimeout(() => {
      if (!this.#closed) this.redis.connect().catch(() => {})
    }, probeIntervalMs).unref()
  }

  #turn(): void {
    if (this.#probe.turn()) this.replace('no answer for 3 s')
    this.#shaking = this.redis.status === 'connect' ? this.#shaking + 1 : 0
    if (this.#shaking * probeIntervalMs > connectTimeoutMs) {
      this.#shaking = 0
      this.#noteCause('no answer to the handshake for 2 s')
      this.redis.disconnect(true)
    }
  }
}

/** Node.js gives an AggregateError (several addresses of one host) no message. */
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
