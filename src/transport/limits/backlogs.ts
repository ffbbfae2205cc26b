import type { Backlog } from './backlog.ts'

/** What all clients of a node together have not read: bounded, however many of them read slowly. */
export class Backlogs {
  readonly #most: number
  readonly #behind = new Set<Backlog>()
  #handed = 0

  /** @param most bytes; it may be passed by a sixteenth, so that not every message has to be weighed against it */
  constructor(most: number) {
    this.#most = most
  }

  /** One who has not read yet was sent more. */
  grown(backlog: Backlog, bytes: number): void {
    this.#behind.add(backlog)
    this.#handed += bytes
    if (this.#handed < this.#most / 16) return
    this.#handed = 0
    this.#relieve()
  }

  gone(backlog: Backlog): void {
    this.#behind.delete(backlog)
  }

  /** Those who are furthest behind are let go until the rest is within bounds. */
  #relieve(): void {
    const sizes = [...this.#behind].map((backlog) => ({ backlog, bytes: backlog.bytes }))
    for (const { backlog, bytes } of sizes) if (bytes === 0) this.#behind.delete(backlog)
    let total = sizes.reduce((sum, { bytes }) => sum + bytes, 0)
    for (const { backlog, bytes } of sizes.sort((a, b) => b.bytes - a.bytes)) {
      if (total <= this.#most) return
      total -= bytes
      backlog.abandon()
    }
  }
}
