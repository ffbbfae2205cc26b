import { getHeapStatistics } from 'node:v8'
import type { BudgetHolder, MemoryBudget } from '../../core/ports/memory-budget.ts'

/** The limit of the unread output of all clients, as a share of V8's heap. */
const maxHeapShare = 1 / 4
/** How often the node adds up incomplete input, ms. */
const samplePeriodMs = 1000
/** Holders with less incomplete input than this are ignored, bytes. */
const minPartialBytes = 1024

/**
 * The memory that a node holds for all its clients together: unread output, requests that wait, and packets that are not
 * complete. Beyond its maximum, the node frees memory from the largest holders first: it refuses their waiting requests or
 * closes their connections.
 */
export class NodeMemoryBudget implements MemoryBudget {
  readonly #maxBytes: number
  readonly #maxUnreadBytes: number
  readonly #holders = new Set<BudgetHolder>()
  /** Holders that may hold memory: they did at the last check, or have grown since. */
  readonly #candidates = new Set<BudgetHolder>()
  readonly #timer: NodeJS.Timeout
  #grownBytes = 0

  /**
   * Reported growth may exceed a limit by a sixteenth of `maxUnreadBytes` before the node adds up all holders. Partial input
   * is sampled every second.
   * @param maxUnreadBytes limit of unread output
   * @param minBytes lower bound of the limit for everything, even if `maxUnreadBytes` is smaller
   */
  constructor(maxUnreadBytes: number, minBytes = 0) {
    this.#maxUnreadBytes = Math.min(maxUnreadBytes, getHeapStatistics().heap_size_limit * maxHeapShare)
    this.#maxBytes = Math.max(this.#maxUnreadBytes, minBytes)
    this.#timer = setInterval(() => this.#sample(), samplePeriodMs).unref()
  }

  add(holder: BudgetHolder): void {
    this.#holders.add(holder)
  }

  remove(holder: BudgetHolder): void {
    this.#holders.delete(holder)
    this.#candidates.delete(holder)
  }

  close(): void {
    clearInterval(this.#timer)
  }

  /** A holder holds more than before. */
  grown(holder: BudgetHolder, bytes: number): void {
    if (!this.#holders.has(holder)) return
    this.#candidates.add(holder)
    this.#grownBytes += bytes
    if (this.#grownBytes >= this.#maxUnreadBytes / 16) this.#shed()
  }

  #sample(): void {
    let total = 0
    for (const holder of this.#holders) {
      const { partialBytes } = holder
      if (partialBytes < minPartialBytes) continue
      total += partialBytes
      this.#candidates.add(holder)
    }
    if (total >= this.#maxUnreadBytes / 16) this.#shed()
  }

  #shed(): void {
    this.#grownBytes = 0
    for (const holder of this.#candidates) if (holder.bytes === 0) this.#candidates.delete(holder)
    this.#reduce(this.#maxUnreadBytes, 'unreadBytes', (holder) => holder.shedUnread())
    this.#reduce(this.#maxBytes, 'bytes', (holder) => holder.shed())
  }

  #reduce(maxBytes: number, kind: 'bytes' | 'unreadBytes', shed: (holder: BudgetHolder) => number): void {
    const sizes = [...this.#candidates].map((holder) => ({ holder, bytes: holder[kind] }))
    let total = sizes.reduce((sum, { bytes }) => sum + bytes, 0)
    if (total <= maxBytes) return
    for (const { holder } of sizes.sort((a, b) => b.bytes - a.bytes)) {
      if (total <= maxBytes) return
      total -= shed(holder)
    }
  }
}
