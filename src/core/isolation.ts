/**
 * Whether this node is cut off from the store: its lease has expired, and the part of the store that keeps the leases has
 * answered no call since. Other parts may answer meanwhile, as shards of a Redis Cluster do, and the other nodes take this
 * node for dead all the same. If the part with the leases answers other calls, the other nodes fare no better.
 */
export class Isolation {
  readonly #leaseMs: number
  #answeredAt = Number.NEGATIVE_INFINITY
  /** Infinite until the node has a lease for the first time. */
  #leaseEndsAt = Number.POSITIVE_INFINITY

  constructor(leaseMs: number) {
    this.#leaseMs = leaseMs
  }

  /** A call to the store succeeded. @param byLeases whether the part that keeps the leases answered; asked when that matters */
  answered(byLeases: () => boolean): void {
    const now = performance.now()
    if (now >= this.#leaseEndsAt && byLeases()) this.#answeredAt = now
  }

  /** The lease was extended by a heartbeat that was sent at `sentAt`, on `performance.now()`. */
  extended(sentAt: number): void {
    this.#leaseEndsAt = sentAt + this.#leaseMs
  }

  /**
   * For how long the node has been without a lease and without an answer; 0: it is not cut off. An answer counts for half a
   * lease, because calls to the part with the leases may be seconds apart.
   */
  get ms(): number {
    return Math.max(0, performance.now() - Math.max(this.#leaseEndsAt, this.#answeredAt + this.#leaseMs / 2))
  }
}
