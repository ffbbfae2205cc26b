/** The memory of one request besides its data: closures, the ack, the entry in a queue. */
const overheadBytes = 1024

/** The requests of one client that have arrived and have no ack yet, on all its namespaces. */
export class PendingRequests {
  #bytes = 0
  readonly #refuseWaiting = new Set<() => void>()

  get bytes(): number {
    return this.#bytes
  }

  /**
   * Reserves memory for a request until the returned function is called.
   * @param dataBytes the memory of its data
   */
  reserve(dataBytes: number): () => void {
    const bytes = dataBytes + overheadBytes
    let held = true
    this.#bytes += bytes
    return () => {
      if (held) this.#bytes -= bytes
      held = false
    }
  }

  /** @param refuse refuses the waiting requests of one namespace @returns a function that removes `refuse` */
  onShed(refuse: () => void): () => void {
    this.#refuseWaiting.add(refuse)
    return () => this.#refuseWaiting.delete(refuse)
  }

  /** Refuses all waiting requests. Returns the bytes that this frees. */
  shed(): number {
    const before = this.#bytes
    for (const refuse of this.#refuseWaiting) refuse()
    return before - this.#bytes
  }
}
