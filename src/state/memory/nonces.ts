import { type Deadline, refuseLate } from '../../core/deadline.ts'
import type { Nonces } from '../../core/ports/nonces.ts'
import type { RoomTable } from './room.ts'

export class MemoryNonces implements Nonces {
  readonly #table: RoomTable
  /** Nonce → when its claim ends, ms. The oldest claim comes first. */
  readonly #claims = new Map<string, number>()

  constructor(table: RoomTable) {
    this.#table = table
  }

  async claim(nonce: string, seconds: number, deadline?: Deadline): Promise<{ first: boolean; since: number }> {
    refuseLate(deadline)
    const now = this.#table.now()
    for (const [old, until] of this.#claims) {
      if (until > now) break
      this.#claims.delete(old)
    }
    if ((this.#claims.get(nonce) ?? 0) > now) return { first: false, since: 0 }
    this.#claims.delete(nonce) // so that the new claim is the last one of the map
    this.#claims.set(nonce, now + seconds * 1000)
    return { first: true, since: 0 }
  }
}
