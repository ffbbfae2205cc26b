import type { ExpiredWindow, ReconnectWindows } from '../../core/ports/reconnect-windows.ts'
import type { RoomTable } from './room.ts'

/** Reads the windows from the records of the sessions. */
export class MemoryReconnectWindows implements ReconnectWindows {
  readonly #table: RoomTable

  constructor(table: RoomTable) {
    this.#table = table
  }

  async expired(limit: number): Promise<ExpiredWindow[]> {
    const now = this.#table.now()
    const expired: ExpiredWindow[] = []
    for (const [room, { records }] of this.#table.entries()) {
      for (const [id, { state, windowEnd }] of records) {
        if (state === 'waiting' && windowEnd <= now) expired.push({ room, id, windowEnd })
      }
      this.#table.tidy(room)
    }
    return expired.sort((a, b) => a.windowEnd - b.windowEnd).slice(0, limit)
  }

  async remove(): Promise<void> {}
  async postpone(): Promise<void> {}
  async recordAgain(): Promise<void> {}

  async detachAllOf(): Promise<{ done: boolean; left: [] }> {
    return { done: true, left: [] }
  }
}
