/**
 * Whether this node is cut off from the store: its lease has expired, and the part of the store that keeps the leases has
 * answered no call since.
 * Answers of other parts (shards of a Redis Cluster) do not count: the other nodes take this node for dead all the same.
 * Answers of this part count even if they are not answers to a heartbeat: if it answers calls but refuses heartbeats, it refuses
 * the heartbeats of every node, so the clients are no better off on another node.
 */
export class CutOffDetector {
  readonly #leaseMs: number
  #answeredAt = Number.NEGATIVE_INFINITY
  /** Infinite until the node has a lease for the first time. */
  #leaseEndsAt = Number.POSITIVE_INFINITY

  constructor(leaseMs: number) {
    this.#leaseMs = leaseMs
  }

  /** A call to the store succeeded. @param fromLeaseServer whether the part that keeps the leases answered; called only after the lease has expired */
  answered(fromLeaseServer: () => boolean): void {
    const now = performance.now()
    if (now >= this.#leaseEndsAt && fromLeaseServer()) this.#answeredAt = now
  }

  /** A heartbeat extended the lease. @param sentAt when it was sent, `performance.now()` */
  extended(sentAt: number): void {
    this.#leaseEndsAt = sentAt + this.#leaseMs
  }

  /**
   * For how long the node has been cut off, ms; 0 if it is not. An answer after the lease counts for half a lease, because calls
   * to the part with the leases may be seconds apart.
   */
  get cutOffMs(): number {
    return Math.max(0, performance.now() - Math.max(this.#leaseEndsAt, this.#answeredAt + this.#leaseMs / 2))
  }
}
