import type { Deadline } from '../../core/deadline.ts'

/** How many are remembered in the node itself. */
const maxRemembered = 100_000
/** How often the store is asked since when it remembers, ms: that it has lost its memory is noticed within this time. */
const watchPeriodMs = 2000

/** Notes a mark in the store, for so many seconds: whether it is new there, and since when the store remembers, ms. */
export type NoteUse = (mark: string, seconds: number, deadline?: Deadline) => Promise<{ first: boolean; since: number }>

/**
 * The signed headers that were used. The store remembers them for all nodes, and forgets them when it comes back empty
 * or without its newest writes. A header that was signed before that is refused, since it may have been used. One of a
 * client whose clock is ahead may be signed after that and yet have been used before: the node that saw it knows.
 */
export class UsedHeaders {
  readonly #note: NoteUse
  /** Mark → until when it is remembered here, the oldest first; on the monotonic clock. */
  readonly #used = new Map<string, number>()
  #watching: NodeJS.Timeout | undefined

  constructor(note: NoteUse) {
    this.#note = note
  }

  /** Asks the store now and then since when it remembers: only a node that asked before knows that all is lost. */
  async watch(): Promise<void> {
    const look = () => this.#note('watched', 1).catch(() => {}) // the store is away, as its health tells
    this.#watching = setInterval(look, watchPeriodMs).unref()
    await look()
  }

  stop(): void {
    clearInterval(this.#watching)
  }

  /** True for a header that was not used. @param signedAt ms since the epoch @throws unavailable */
  async use(mark: string, signedAt: number, seconds: number, deadline: Deadline): Promise<boolean> {
    const here = this.#useHere(mark, seconds)
    try {
      const { first, since } = await this.#note(mark, seconds, deadline)
      return here && first && signedAt >= since
    } catch (error) {
      if (here) this.#used.delete(mark) // the request was not served: it may come again
      throw error
    }
  }

  #useHere(mark: string, seconds: number): boolean {
    const now = performance.now()
    for (const [old, until] of this.#used) {
      if (until > now && this.#used.size < maxRemembered) break
      this.#used.delete(old)
    }
    if (this.#used.has(mark)) return false
    this.#used.set(mark, now + seconds * 1000)
    return true
  }
}
