import { SignalError } from '../../core/errors.ts'
import type { RoomId } from '../../core/model.ts'
import type { RoomIndex } from '../../core/ports/room-index.ts'
import type { FoundRoom, RoomStore } from '../../core/ports/room-store.ts'
import type { RoomTable } from './room.ts'

export class MemoryRoomIndex implements RoomIndex {
  readonly #table: RoomTable
  readonly #rooms: RoomStore

  constructor(table: RoomTable, rooms: RoomStore) {
    this.#table = table
    this.#rooms = rooms
  }

  async registerWithin(room: RoomId, maxRooms: number): Promise<void> {
    if (!this.#table.admit(room, maxRooms)) throw new SignalError('too_many_rooms')
  }

  async touch(): Promise<void> {}

  async relist(rooms: RoomId[]): Promise<void> {
    for (const room of rooms) this.#table.count(room)
  }

  async list(start: number, limit: number): Promise<{ rooms: FoundRoom[]; more: boolean }> {
    const ids = [...this.#table.entries()].map(([id]) => id).toSorted()
    const found = await Promise.all(ids.slice(start, start + limit).map((id) => this.#rooms.find(id)))
    return { rooms: found.flatMap((room) => room ?? []), more: start + limit < ids.length }
  }

  /** `ReconnectWindows.expired` removes rooms that are not open. */
  async prune(): Promise<RoomId[]> {
    return []
  }
}
