import type { Logger } from 'pino'
import { isUnavailable } from '../core/errors.ts'
import type { StoreProblem } from '../core/ports/store.ts'

/** The same failure is a warning only once in this time. */
const repeatAfterMs = 60_000

/** How many different failures are remembered. */
const maxRemembered = 100

/** A store that has been silent for longer is not reachable. Twice the interval of heartbeats. */
const maxSilenceMs = 4000

/** After an answer of the part that keeps the leases, the node does not examine further answers for this time, ms. */
const minAnswerIntervalMs = 500

type ProblemCheck = () => StoreProblem | undefined

/** The health of the store as this node sees it, for `/readyz`, `redis_up` and the log. */
export class StoreHealth {
  readonly #log: Logger
  readonly #checks: ProblemCheck[] = []
  readonly #warnedAt = new Map<string, number>()
  #lease: StoreProblem | undefined = unreachable('this node has no lease yet')
  #answeredAt = Number.NEGATIVE_INFINITY

  constructor(log: Logger) {
    this.#log = log
  }

  /** Logs what the connections to Redis report. */
  readonly report = {
    lost: (connection: string, address: string, cause: string) =>
      this.#log.warn({ connection, address, cause }, 'no connection to Redis'),
    reconnected: (connection: string, address: string) =>
      this.#log.info({ connection, address }, 'connected to Redis again'),
    denied: (rights: string) =>
      this.#log.error(
        { rights },
        'the Redis user lacks rights that a node needs: grant those of the rule for ACL in docs/operations.md',
      ),
    unsuitable: (fault: string) =>
      this.#log.error(
        { fault },
        'Redis is not set up as a node needs it: this node keeps running, but a node does not start with this Redis. Correct the setting',
      ),
    unreadable: (channel: string, cause: unknown) =>
      this.#warn(
        channel,
        { channel, cause: messageOf(cause) },
        'skipped an unreadable message on a Redis channel: does another program use REDIS_PREFIX?',
      ),
    failed: (error: unknown) => this.failed(error),
  }

  watch(check: ProblemCheck): void {
    this.#checks.push(check)
  }

  /**
   * A call to the store succeeded.
   * @param fromLeaseServer whether the part of the store that keeps the leases answered. It computes a hash, so it is not called again within half a second after it returned true
   */
  answered(fromLeaseServer: () => boolean): void {
    const now = performance.now()
    if (now - this.#answeredAt > minAnswerIntervalMs && fromLeaseServer()) this.#answeredAt = now
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

  /** The store has accepted a heartbeat, or has failed to. */
  readonly heartbeat = (error?: unknown): void => {
    this.#lease = error === undefined ? undefined : unreachable(error)
  }

  /**
   * Background work has failed. Each cause is logged at `warn` once a minute, and otherwise at `debug`, because the node repeats the
   * work.
   */
  readonly failed = (error: unknown): void =>
    this.#warn(
      messageOf(error),
      { err: error },
      isUnavailable(error) ? 'Redis could not be reached; the node tries again' : 'background work failed',
    )

  /** @param subject the cause of the warning, or the channel: each is logged at `warn` once a minute */
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
  return { reason: 'Redis unreachable', detail: messageOf(error) }
}

/** The innermost cause: the outer ones say only that the store is unavailable. */
function messageOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  return error.cause === undefined ? error.message : messageOf(error.cause)
}
