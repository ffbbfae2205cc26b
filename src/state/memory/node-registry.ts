import type { ParticipantId, RoomId } from '../../core/model.ts'
import type { NodeInfo, NodeRegistry } from '../../core/ports/node-registry.ts'
import type { RoomTable } from './room.ts'

/** One process, so one node: it is never dead, and only the windows of participants run out. */
export class MemoryNodeRegistry implements NodeRegistry {
  readonly #table: RoomTable
  /** As it said of itself last. */
  info: NodeInfo | undefined

  constructor(table: RoomTable) {
    this.#table = table
  }

  async heartbeat(info: NodeInfo): Promise<boolean> {
    this.info = info
    return true
  }

  async expiredNodes(): Promise<string[]> {
    return []
  }

  async trackRooms(): Promise<void> {}
  async untrackRoom(): Promise<void> {}
  async postpone(): Promise<void> {}
  async recordDeadline(): Promise<void> {}
  async remove(): Promise<void> {}

  async trackedRooms(): Promise<RoomId[]> {
    return [...this.#table.entries()].map(([id]) => id)
  }

  async detachAllOf(): Promise<{ done: boolean; left: [] }> {
    return { done: true, left: [] }
  }

  async expiredSessions(limit: number): Promise<{ room: RoomId; id: ParticipantId; due: number }[]> {
    const now = this.#table.now()
    const due: { room: RoomId; id: ParticipantId; due: number }[] = []
    for (const [name, room] of this.#table.entries()) {
      for (const [id, record] of room.records) {
        if (record.state === 'waiting' && record.deadline <= now) due.push({ room: name, id, due: record.deadline })
      }
      this.#table.tidy(name)
    }
    return due.sort((a, b) => a.due - b.due).slice(0, limit)
  }

  async clearDue(): Promise<void> {}
}
