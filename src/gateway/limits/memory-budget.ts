import { getHeapStatistics } from 'node:v8'
import type { BudgetHolder, BudgetHolders } from '../../core/ports/memory-budget.ts'

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
export class MemoryBudget implements BudgetHolders {
  readonly #maxBytes: number
  readonly #maxUnreadBytes: number
  readonly #clients = new Set<BudgetHolder>()
  /** Clients that may hold memory: they did at the last check, or have grown since. */
  readonly #holders = new Set<BudgetHolder>()
  readonly #timer: NodeJS.Timeout
  #grownBytes = 0

  /**
   * Reported growth may exceed a limit by a sixteenth of `maxUnreadBytes` before the node adds up all clients. Partial input
   * is sampled every second.
   * @param maxUnreadBytes limit of unread output
   * @param minBytes lower bound of the limit for everything, even if `maxUnreadBytes` is smaller
   */
  constructor(maxUnreadBytes: number, minBytes = 0) {
    this.#maxUnreadBytes = Math.min(maxUnreadBytes, getHeapStatistics().heap_size_limit * maxHeapShare)
    this.#maxBytes = Math.max(this.#maxUnreadBytes, minBytes)
    this.#timer = setInterval(() => this.#sample(), samplePeriodMs).unref()
  }

  add(client: BudgetHolder): void {
    this.#clients.add(client)
  }

  remove(client: BudgetHolder): void {
    this.#clients.delete(client)
    this.#holders.delete(client)
  }

  close(): void {
    clearInterval(this.#timer)
  }

  /** The node holds more for a client. */
  grown(client: BudgetHolder, bytes: number): void {
    if (!this.#clients.has(client)) return
    this.#holders.add(client)
    this.#grownBytes += bytes
    if (this.#grownBytes >= this.#maxUnreadBytes / 16) this.#shed()
  }

  #sample(): void {
    let total = 0
    for (const client of this.#clients) {
      const { partialBytes } = client
      if (partialBytes < minPartialBytes) continue
      total += partialBytes
      this.#holders.add(client)
    }
    if (total >= this.#maxUnreadBytes / 16) this.#shed()
  }

  #shed(): void {
    this.#grownBytes = 0
    for (const client of this.#holders) if (client.bytes === 0) this.#holders.delete(client)
    this.#reduce(this.#maxUnreadBytes, 'unreadBytes', (client) => client.shedUnread())
    this.#reduce(this.#maxBytes, 'bytes', (client) => client.shed())
  }

  #reduce(maxBytes: number, kind: 'bytes' | 'unreadBytes', shed: (client: BudgetHolder) => number): void {
    const sizes = [...this.#holders].map((client) => ({ client, bytes: client[kind] }))
    let total = sizes.reduce((sum, { bytes }) => sum + bytes, 0)
    if (total <= maxBytes) return
    for (const { client } of sizes.sort((a, b) => b.bytes - a.bytes)) {
      if (total <= maxBytes) return
      total -= shed(client)
    }
  }
}
