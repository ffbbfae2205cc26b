/** How many waiting connections are read from in one turn of the event loop. */
const maxReadsPerTurn = 1

/** The size of a large read, bytes: parsing it takes a good part of a millisecond. */
export const largeReadBytes = 16 * 1024

/**
 * Lets connections that send much take turns. Node reads up to 64 KiB from every readable connection before it does anything else.
 * Without turns, all other clients would wait for a hundred reads if a hundred connections send much.
 */
export class ReadTurns {
  readonly #waiting: (() => void)[] = []
  #scheduled = false

  /** @param resume called when it is the connection's turn, in the order of the calls of `wait` */
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
