/**
 * Whether this node is cut off from the store: its lease has expired, and no call to the store has succeeded since. If some
 * calls succeed, only a part of the store is down, and other nodes fare no better.
 */
export class Isolation {
  readonly #leaseMs: number
  #answeredAt = Number.NEGATIVE_INFINITY
  /** Infinite until the node has a lease for the first time. */
  #leaseEndsAt = Number.POSITIVE_INFINITY

  constructor(leaseMs: number) {
    this.#leaseMs = leaseMs
  }

  /** A call to the store succeeded. */
  answered(): void {
    this.#answeredAt = performance.now()
  }

  /** The lease was extended by a heartbeat that was sent at `sentAt`, on `performance.now()`. */
  extended(sentAt: number): void {
    this.#leaseEndsAt = sentAt + this.#leaseMs
  }

  /** For how long the node has been without a lease and without an answer; 0: it is not cut off. */
  get ms(): number {
    return Math.max(0, performance.now() - Math.max(this.#leaseEndsAt, this.#answeredAt))
  }
}
