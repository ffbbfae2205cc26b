import { dialectOf, type RoomId } from '../../core/model.ts'
import type { RoomSize, RoomSizes } from '../../core/ports/room-sizes.ts'
import type { RoomTable } from './room.ts'

export class MemoryRoomSizes implements RoomSizes {
  readonly #table: RoomTable
  readonly #listed = new Map<RoomId, { size: number; counted: number }>()
  readonly #nextBroadcastAt = new Map<string, number>()

  constructor(table: RoomTable) {
    this.#table = table
  }

  async count(room: RoomId): Promise<boolean> {
    const size = this.#table.find(room)?.members.size ?? 0
    const before = this.#listed.get(room)?.size ?? 0
    if (size > 0) this.#listed.set(room, { size, counted: this.#table.now() })
    else this.#listed.delete(room)
    return size !== before
  }

  async list(dialect: string, limit: number): Promise<RoomSize[]> {
    const rooms = this.#of(dialect).map(([room, { size }]) => ({ room, size }))
    return rooms.sort((a, b) => b.size - a.size || (a.room < b.room ? 1 : -1)).slice(0, limit)
  }

  async stale(dialect: string, age: number, limit: number): Promise<RoomId[]> {
    const before = this.#table.now() - age
    const old = this.#of(dialect).filter(([, { counted }]) => counted <= before)
    return old
      .sort(([, a], [, b]) => a.counted - b.counted)
      .slice(0, limit)
      .map(([room]) => room)
  }

  async claimBroadcast(dialect: string, ms: number): Promise<boolean> {
    const now = this.#table.now()
    if (now < (this.#nextBroadcastAt.get(dialect) ?? 0)) return false
    this.#nextBroadcastAt.set(dialect, now + ms)
    return true
  }

  #of(dialect: string) {
    return [...this.#listed].filter(([room]) => dialectOf(room) === dialect)
  }
}
