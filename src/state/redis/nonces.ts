import type { Deadline } from '../../core/deadline.ts'
import { newId } from '../../core/ids.ts'
import type { Nonces } from '../../core/ports/nonces.ts'
import type { Keys } from './keys.ts'
import type { Scripts } from './scripts.ts'

export class RedisNonces implements Nonces {
  readonly #scripts: Scripts
  readonly #keys: Keys
  /** The id of Redis' memory of claims, as of the last call. Another id means that Redis has lost the memory. */
  #memoryId = ''

  constructor(scripts: Scripts, keys: Keys) {
    this.#scripts = scripts
    this.#keys = keys
  }

  async claim(nonce: string, seconds: number, deadline?: Deadline): Promise<{ first: boolean; since: number }> {
    const keys = [this.#keys.nonce(nonce), this.#keys.nonceMemory]
    const reply = await this.#scripts.run('claim-nonce', keys, [seconds, this.#memoryId], deadline)
    const [first, since, memoryId] = reply as [number, number, string]
    this.#memoryId = memoryId
    if (first !== 1) return { first: false, since }
    // older nodes know only the legacy key. All nodes claim in this order, so only one of several nodes gets both
    return { first: await this.#isFirstForOlderNodes(nonce, seconds), since }
  }

  async #isFirstForOlderNodes(nonce: string, seconds: number): Promise<boolean> {
    const op = newId()
    return (await this.#scripts.run('claim', [this.#keys.legacyNonce(nonce)], [op, seconds * 1000, ''])) === op
  }
}
