import type { Deadline } from '../../core/deadline.ts'

/** How many nonces this node remembers itself. */
const maxRemembered = 100_000
/** How often this node asks the store since when it remembers nonces: it notices within this time that the store lost them. */
const watchIntervalMs = 2000

/**
 * Claims a nonce in the store for some seconds. `first`: no node has claimed it before. `since`: ms since the epoch, before which
 * the store may have forgotten claims.
 */
export type ClaimNonce = (
  nonce: string,
  seconds: number,
  deadline?: Deadline,
) => Promise<{ first: boolean; since: number }>

/**
 * Accepts each signed header once, by its nonce. The store remembers nonces for all nodes. It forgets them when it comes back empty
 * or without its newest writes; headers that were signed before that are refused, because they may have been used. A client whose
 * clock is ahead may have signed a header for a time after the loss, and used it before: this node remembers its own nonces too,
 * and refuses it.
 */
export class UsedHeaders {
  readonly #claim: ClaimNonce
  /** Nonce → until when this node remembers it, on the monotonic clock. The oldest first. */
  readonly #claimedHere = new Map<string, number>()
  #watching: NodeJS.Timeout | undefined

  constructor(claim: ClaimNonce) {
    this.#claim = claim
  }

  /** Starts to ask the store periodically: only a node that has asked before can tell that the store has lost everything. */
  async watch(): Promise<void> {
    const look = () => this.#claim('watched', 1).catch(() => {}) // the health of the store reports the outage
    this.#watching = setInterval(look, watchIntervalMs).unref()
    await look()
  }

  stop(): void {
    clearInterval(this.#watching)
  }

  /**
   * True for a header that was not used before.
   * @param signedAt ms since the epoch
   * @param seconds how long the nonce is remembered
   * @throws unavailable
   */
  async use(nonce: string, signedAt: number, seconds: number, deadline: Deadline): Promise<boolean> {
    const firstHere = this.#claimHere(nonce, seconds)
    try {
      const { first, since } = await this.#claim(nonce, seconds, deadline)
      return firstHere && first && signedAt >= since
    } catch (error) {
      if (firstHere) this.#claimedHere.delete(nonce) // the request was not served: its client may repeat it
      throw error
    }
  }

  #claimHere(nonce: string, seconds: number): boolean {
    const now = performance.now()
    for (const [old, until] of this.#claimedHere) {
      if (until > now && this.#claimedHere.size < maxRemembered) break
      this.#claimedHere.delete(old)
    }
    if (this.#claimedHere.has(nonce)) return false
    this.#claimedHere.set(nonce, now + seconds * 1000)
    return true
  }
}
