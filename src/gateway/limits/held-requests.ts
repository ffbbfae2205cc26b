/** What the node keeps for one request beside its data: closures, the ack, its place in a queue. */
const overheadBytes = 1024

/** The requests of one client that were read and have no ack yet, on all its namespaces. */
export class HeldRequests {
  #bytes = 0
  readonly #refuseWaiting = new Set<() => void>()

  get bytes(): number {
    return this.#bytes
  }

  /**
   * Counts a request until the result is called, the first time.
   * @param dataBytes of its data, in memory
   */
  hold(dataBytes: number): () => void {
    const bytes = dataBytes + overheadBytes
    let held = true
    this.#bytes += bytes
    return () => {
      if (held) this.#bytes -= bytes
      held = false
    }
  }

  /** @param refuse refuses the requests of one namespace that nobody works on yet. @returns takes it back */
  onShed(refuse: () => void): () => void {
    this.#refuseWaiting.add(refuse)
    return () => this.#refuseWaiting.delete(refuse)
  }

  /** Returns how many bytes it freed. */
  shed(): number {
    const before = this.#bytes
    for (const refuse of this.#refuseWaiting) refuse()
    return before - this.#bytes
  }
}
