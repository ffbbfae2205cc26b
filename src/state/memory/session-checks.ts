import type { RoomId } from '../../core/model.ts'
import type { SessionChecks, SessionStatus } from '../../core/ports/session-checks.ts'
import type { SessionRef, SessionSnapshot } from '../../core/ports/session-store.ts'
import { ownedRecord, type RoomTable } from './room.ts'

export class MemorySessionChecks implements SessionChecks {
  readonly #table: RoomTable

  constructor(table: RoomTable) {
    this.#table = table
  }

  async states(refs: SessionRef[], confirmed?: number[]): Promise<('connected' | 'waiting' | 'moved')[]> {
    return refs.map((ref, index) => {
      const record = ownedRecord(this.#table, ref)
      if (!record) return 'moved'
      if (confirmed && record.state === 'connected') {
        record.confirmed = Math.max(record.confirmed, confirmed[index] ?? 0)
      }
      return record.state
    })
  }

  async reclaim(ref: SessionRef): Promise<boolean> {
    const record = ownedRecord(this.#table, ref)
    if (record) record.state = 'connected'
    return record !== undefined
  }

  /** The store loses nothing before its only node ends. */
  async restore({ ref }: SessionSnapshot): Promise<boolean> {
    return this.reclaim(ref)
  }

  async unrestored(): Promise<SessionRef[]> {
    return []
  }

  async list(room: RoomId): Promise<SessionStatus[]> {
    const records = [...(this.#table.find(room)?.records ?? [])]
    return records.map(([id, { owner, state, windowEnd }]) => ({
      ref: { room, id, owner },
      waiting: state === 'waiting',
      windowEnd,
    }))
  }
}
