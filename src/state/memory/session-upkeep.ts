import type { RoomId } from '../../core/model.ts'
import type { SessionBackup, SessionRef } from '../../core/ports/session-store.ts'
import type { SessionStatus, SessionUpkeep, StoredState } from '../../core/ports/session-upkeep.ts'
import { ownedRecord, type RoomTable } from './room.ts'

export class MemorySessionUpkeep implements SessionUpkeep {
  readonly #table: RoomTable

  constructor(table: RoomTable) {
    this.#table = table
  }

  async states(refs: SessionRef[]): Promise<StoredState[]> {
    return refs.map((ref) => ownedRecord(this.#table, ref)?.state ?? 'moved')
  }

  async recordConfirmed(sessions: { ref: SessionRef; confirmed: number }[]): Promise<StoredState[]> {
    for (const { ref, confirmed } of sessions) {
      const record = ownedRecord(this.#table, ref)
      if (record?.state === 'connected') record.confirmed = Math.max(record.confirmed, confirmed)
    }
    return this.states(sessions.map(({ ref }) => ref))
  }

  async reclaim(ref: SessionRef): Promise<boolean> {
    const record = ownedRecord(this.#table, ref)
    if (record) record.state = 'connected'
    return record !== undefined
  }

  /** The store loses nothing before its only node ends. */
  async restore({ ref }: SessionBackup): Promise<boolean> {
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
