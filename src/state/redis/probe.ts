import type { Redis } from 'ioredis'

/** How often a connection is looked at, ms. */
export const probeIntervalMs = 500

/** After so many probes in a row without a byte a connection counts as dead: 2.5 to 3 s. */
const maxMissedProbes = 5

/**
 * Notices that a connection is silent: its peer is gone without a FIN, or hangs. It counts its own turns and reads no
 * clock, so that a process that was stopped itself does not take its connections for dead.
 */
export class Probe {
  readonly #redis: Redis
  #received = 0
  #missed = 0
  #asked = false

  constructor(redis: Redis) {
    this.#redis = redis
  }

  /** To be called every `probeIntervalMs`. True: the connection is dead. */
  turn(): boolean {
    if (this.#redis.status !== 'ready') {
      this.#missed = 0
      return false
    }
    const { bytesRead } = this.#redis.stream
    if (bytesRead !== this.#received) {
      this.#received = bytesRead
      this.#missed = 0
    } else if (this.#asked) this.#missed += 1
    else this.#ask().catch(() => {})
    return this.#missed >= maxMissedProbes
  }

  async #ask(): Promise<void> {
    this.#asked = true
    await this.#redis.ping().catch(() => {}) // also what refuses has answered
    this.#asked = false
    this.#missed = 0
  }
}
