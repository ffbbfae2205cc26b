import type { ParticipantId, RoomId } from '../../core/model.ts'
import type { NodeInfo, Nodes } from '../../core/ports/node-registry.ts'
import type { RoomTable } from './room.ts'

/** One process, so one node: it is never dead, and only the windows of participants run out. */
export class MemoryNodes implements Nodes {
  readonly #table: RoomTable
  /** As it said of itself last. */
  info: NodeInfo | undefined

  constructor(table: RoomTable) {
    this.#table = table
  }

  async beat(info: NodeInfo): Promise<boolean> {
    this.info = info
    return true
  }

  async dead(): Promise<string[]> {
    return []
  }

  async hold(): Promise<void> {}
  async release(): Promise<void> {}
  async postpone(): Promise<void> {}
  async noteDeadline(): Promise<void> {}
  async remove(): Promise<void> {}

  async roomsOf(): Promise<RoomId[]> {
    return [...this.#table.entries()].map(([id]) => id)
  }

  async orphan(): Promise<{ done: boolean; left: [] }> {
    return { done: true, left: [] }
  }

  async due(limit: number): Promise<{ room: RoomId; id: ParticipantId; due: number }[]> {
    const now = this.#table.now()
    const due: { room: RoomId; id: ParticipantId; due: number }[] = []
    for (const [name, room] of this.#table.entries()) {
      for (const [id, seat] of room.seats) {
        if (seat.state === 'waiting' && seat.deadline <= now) due.push({ room: name, id, due: seat.deadline })
      }
      this.#table.tidy(name)
    }
    return due.sort((a, b) => a.due - b.due).slice(0, limit)
  }

  async settled(): Promise<void> {}
}
