import type { Logger } from 'pino'
import { isAway } from '../core/attempts.ts'
import type { StoreProblem } from '../core/ports/state.ts'

/** For how long the same failure is not logged again as a warning, ms. */
const repeatAfterMs = 60_000

/** How many different failures are remembered. */
const maxRemembered = 100

/** How long a store may be silent, ms, before it is not reachable: twice as long as between heartbeats. */
const maxSilenceMs = 4000

/** How often an answer of the store is looked at, ms. */
const minAnswerIntervalMs = 500

type ProblemCheck = () => StoreProblem | undefined

/** What this node knows of its store, for /readyz, `redis_up` and the log. */
export class StoreHealth {
  readonly #log: Logger
  readonly #checks: ProblemCheck[] = []
  readonly #warnedAt = new Map<string, number>()
  #lease: StoreProblem | undefined = unreachable('the node has not taken its lease yet')
  #answeredAt = Number.NEGATIVE_INFINITY

  constructor(log: Logger) {
    this.#log = log
  }

  /** What Redis' connections report. */
  readonly report = {
    lost: (connection: string, address: string, cause: string) =>
      this.#log.warn({ connection, address, cause }, 'no connection to Redis'),
    restored: (connection: string, address: string) =>
      this.#log.info({ connection, address }, 'connected to Redis again'),
    denied: (rights: string) =>
      this.#log.error(
        { rights },
        'Redis denies its user rights that a node needs: see the list for ACL in operations.md',
      ),
    unsuitable: (fault: string) =>
      this.#log.error(
        { fault },
        'Redis is not set up as a node needs it: the node keeps running, but would not start with it',
      ),
    unreadable: (channel: string, cause: unknown) =>
      this.#warn(
        channel,
        { channel, cause: wordsOf(cause) },
        'skipped a message on a Redis channel: another program sent it',
      ),
    failed: (error: unknown) => this.failed(error),
  }

  watch(check: ProblemCheck): void {
    this.#checks.push(check)
  }

  /**
   * A call to the store succeeded.
   * @param byLeases whether the part that keeps the leases answered; asked twice a second at most, because it costs a hash
   */
  answered(byLeases: () => boolean): void {
    const now = performance.now()
    if (now - this.#answeredAt > minAnswerIntervalMs && byLeases()) this.#answeredAt = now
  }

  /** Whether the part of the store that keeps the leases answers some calls, even if it does not serve this node completely. */
  get reachable(): boolean {
    return performance.now() - this.#answeredAt < maxSilenceMs
  }

  /** Why the store does not serve this node; undefined while it does. */
  get problem(): StoreProblem | undefined {
    for (const check of this.#checks) {
      const problem = check()
      if (problem) return problem
    }
    return this.#lease
  }

  /** The store took a heartbeat, or did not. */
  readonly beat = (error?: unknown): void => {
    this.#lease = error === undefined ? undefined : unreachable(error)
  }

  /**
   * Background work was not done. A warning each minute for each cause, and the rest at `debug`, because the work is tried
   * again and again.
   */
  readonly failed = (error: unknown): void =>
    this.#warn(
      wordsOf(error),
      { err: error },
      isAway(error) ? 'the state could not be reached' : 'background work failed',
    )

  /** @param subject what is a warning once a minute */
  #warn(subject: string, fields: object, message: string): void {
    const now = performance.now()
    const repeated = now - (this.#warnedAt.get(subject) ?? Number.NEGATIVE_INFINITY) < repeatAfterMs
    if (!repeated) {
      if (this.#warnedAt.size >= maxRemembered) this.#warnedAt.clear()
      this.#warnedAt.set(subject, now)
    }
    this.#log[repeated ? 'debug' : 'warn'](fields, message)
  }
}

export function unreachable(error: unknown): StoreProblem {
  return { reason: 'Redis unreachable', detail: wordsOf(error) }
}

/** The innermost cause: the outer ones say only that the store is unavailable. */
function wordsOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  return error.cause === undefined ? error.message : wordsOf(error.cause)
}
