import type { Clock } from './clock.ts'
import { SignalboxError } from './errors.ts'
import type { Link, LinkAnswer } from './link.ts'
import { type Limits, RateLimiter, type RateLimitOptions } from './rate-limiter.ts'
import { isRateRefusal } from './request.ts'

type PendingRequest = {
  event: string
  args: readonly unknown[]
  resolve: (data: unknown) => void
  reject: (error: SignalboxError) => void
  sentOn?: Link
  /** How often the server refused it because of the rate of requests. */
  refused: number
}

/** How many requests may be pending, sent or not. */
const maxPending = 1000
/** How many requests may be sent and not acked: a node keeps the acks of at least the last hundred requests, to repeat them. */
const maxInFlight = 100
/** How many numbers a reloaded page skips. */
const reservedRids = 1000
/** The wait after a refusal because of the rate of requests: the first, the longest, and after how many refusals the request fails. */
const refusedWait = { baseMs: 250, capMs: 5000, maxCount: 10 }

/**
 * The requests that are not acked yet. Each has a `rid`, and is sent again on every new connection, in order, until it is acked. The
 * server performs it once and repeats its ack (docs/protocol.md#requests). Each promise settles exactly once.
 */
export class RequestQueue {
  readonly #pending = new Map<number, PendingRequest>()
  readonly #rateLimiter: RateLimiter
  readonly #clock: Clock
  #rid = 0
  #link: Link | undefined
  #cancelWait: (() => void) | undefined
  /** Until then this sends nothing: the server has refused a request because of the rate. */
  #pausedUntil = 0

  constructor(rateLimit: RateLimitOptions | undefined, clock: Clock) {
    this.#rateLimiter = new RateLimiter(rateLimit, clock)
    this.#clock = clock
  }

  get size(): number {
    return this.#pending.size
  }

  /** Resolves to the data of the ack. @throws SignalboxError too_many_requests, or as the server refuses */
  add(event: string, args: readonly unknown[]): Promise<unknown> {
    if (this.#pending.size >= maxPending) {
      return Promise.reject(new SignalboxError('too_many_requests', `${maxPending} requests are waiting already`))
    }
    this.#rid += 1
    const rid = this.#rid
    const settled = new Promise((resolve, reject) =>
      this.#pending.set(rid, { event, args, resolve, reject, refused: 0 }),
    )
    this.#send()
    return settled
  }

  /** The highest number that was used. */
  get rid(): number {
    return this.#rid
  }

  /** The page before used numbers up to `rid`, and perhaps more after it stored that. */
  skipTo(rid: number): void {
    this.#rid = Math.max(this.#rid, rid + reservedRids)
  }

  /** An ack contained the server's limits for one connection. */
  limit(limits: Limits): void {
    this.#rateLimiter.limit(limits)
  }

  /** From now on requests go over this connection, those that are not acked yet first. Undefined: they wait. */
  use(link: Link | undefined): void {
    this.#link = link
    this.#pausedUntil = 0
    this.#send()
  }

  fail(error: SignalboxError): void {
    this.#link = undefined
    this.#cancelWait?.()
    const pending = [...this.#pending.values()]
    this.#pending.clear()
    for (const { reject } of pending) reject(error)
  }

  #send(): void {
    this.#cancelWait?.()
    this.#cancelWait = undefined
    const link = this.#link
    if (!link) return
    const [oldest = 0] = this.#pending.keys()
    for (const [rid, request] of this.#pending) {
      if (rid >= oldest + maxInFlight) return // sent when the oldest is acked
      if (request.sentOn === link) continue
      const pause = this.#pausedUntil - this.#clock.now()
      const wait = pause > 0 ? pause : this.#rateLimiter.take()
      if (wait > 0) {
        this.#cancelWait = this.#clock.after(wait, () => this.#send())
        return
      }
      request.sentOn = link
      link.ask(request.event, [...request.args, { rid }], (answer) => this.#answered(rid, link, answer))
    }
  }

  #answered(rid: number, link: Link, answer: LinkAnswer): void {
    const request = this.#pending.get(rid)
    if (!request) return
    // after `lost` or `moved` the request is repeated on another connection, and the answer there is final
    const isFinal =
      answer.ok || (answer.code !== 'lost' && answer.code !== 'moved' && request.sentOn === link && link === this.#link)
    if (!isFinal || this.#isSentLater(request, answer)) return
    this.#pending.delete(rid)
    if (answer.ok) request.resolve(answer.data)
    else request.reject(new SignalboxError(answer.code, answer.message))
    this.#send()
  }

  /** The server does not perform a request that it refuses because of the rate. This sends it again with the same `rid`. */
  #isSentLater(request: PendingRequest, answer: LinkAnswer): boolean {
    if (!isRateRefusal(answer) || request.refused >= refusedWait.maxCount) return false
    const { baseMs, capMs } = refusedWait
    this.#pausedUntil = this.#clock.now() + Math.min(capMs, baseMs * 2 ** request.refused)
    request.refused += 1
    delete request.sentOn
    this.#rateLimiter.drain()
    this.#send()
    return true
  }
}
