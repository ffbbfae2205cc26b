/**
 * Whether this node is cut off from the store. A store that answers some calls is away in part, for every node alike; one
 * that answers none until the lease has run out may be answering the other nodes.
 */
export class Isolation {
  readonly #leaseMs: number
  #answeredAt = Number.NEGATIVE_INFINITY
  /** Infinite until the node has a lease for the first time. */
  #leaseEndsAt = Number.POSITIVE_INFINITY

  constructor(leaseMs: number) {
    this.#leaseMs = leaseMs
  }

  /** The store answered a call. */
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
