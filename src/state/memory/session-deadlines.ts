import type { ExpiredSession, SessionDeadlines } from '../../core/ports/session-deadlines.ts'
import type { RoomTable } from './room.ts'

/** Reads the deadlines from the records of the sessions. */
export class MemorySessionDeadlines implements SessionDeadlines {
  readonly #table: RoomTable

  constructor(table: RoomTable) {
    this.#table = table
  }

  async expired(limit: number): Promise<ExpiredSession[]> {
    const now = this.#table.now()
    const expired: ExpiredSession[] = []
    for (const [room, { records }] of this.#table.entries()) {
      for (const [id, { state, deadline }] of records) {
        if (state === 'waiting' && deadline <= now) expired.push({ room, id, due: deadline })
      }
      this.#table.tidy(room)
    }
    return expired.sort((a, b) => a.due - b.due).slice(0, limit)
  }

  async clear(): Promise<void> {}
  async postpone(): Promise<void> {}
  async record(): Promise<void> {}

  async detachAllOf(): Promise<{ done: boolean; left: [] }> {
    return { done: true, left: [] }
  }
}
