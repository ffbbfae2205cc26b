import type { Redis } from 'ioredis'

/** How often a connection is probed, ms. */
export const probeIntervalMs = 500

/** After this many probes in a row without a received byte a connection counts as dead, which takes 2.5 to 3 s. */
const maxMissedProbes = 5

/**
 * Detects a peer that hangs, or that disappeared without a FIN. It counts its own probes instead of reading a clock, so a process
 * that was suspended does not treat its connections as dead.
 */
export class Probe {
  readonly #redis: Redis
  #bytesRead = 0
  #missed = 0
  #pinging = false

  constructor(redis: Redis) {
    this.#redis = redis
  }

  /** Called every `probeIntervalMs`. Returns true if the connection is dead. */
  probe(): boolean {
    if (this.#redis.status !== 'ready') {
      this.#missed = 0
      return false
    }
    const { bytesRead } = this.#redis.stream
    if (bytesRead !== this.#bytesRead) {
      this.#bytesRead = bytesRead
      this.#missed = 0
    } else if (this.#pinging) this.#missed += 1
    else this.#ping().catch(() => {})
    return this.#missed >= maxMissedProbes
  }

  async #ping(): Promise<void> {
    this.#pinging = true
    await this.#redis.ping().catch(() => {}) // a refusal is an answer, too
    this.#pinging = false
    this.#missed = 0
  }
}
