/** How many waiting connections are read from in one turn of the event loop. */
const maxReadsPerTurn = 1

/** From here on a read is large, bytes: to parse what it brought takes a good part of a millisecond. */
export const largeReadBytes = 16 * 1024

/**
 * Connections that send much take turns. Node reads up to 64 KiB from every connection that has something, one after the
 * other, before it serves anything else: with a hundred such connections everybody else waits for a hundred reads.
 */
export class ReadTurns {
  readonly #waiting: (() => void)[] = []
  #scheduled = false

  /** @param resume called when it is the connection's turn, a few in each turn of the event loop, in the order of these calls */
  wait(resume: () => void): void {
    this.#waiting.push(resume)
    this.#schedule()
  }

  #schedule(): void {
    if (this.#scheduled) return
    this.#scheduled = true
    setImmediate(() => {
      this.#scheduled = false
      for (const resume of this.#waiting.splice(0, maxReadsPerTurn)) resume()
      if (this.#waiting.length > 0) this.#schedule()
    })
  }
}
