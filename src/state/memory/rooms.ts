import { SignalError } from '../../core/errors.ts'
import { defaultRoomOptions, type RoomId, type RoomOptions } from '../../core/model.ts'
import type { Rooms } from '../../core/ports/rooms.ts'
import type { RoomTable } from './room.ts'

export class MemoryRooms implements Rooms {
  readonly #table: RoomTable

  constructor(table: RoomTable) {
    this.#table = table
  }

  async options(room: RoomId): Promise<RoomOptions> {
    return structuredClone({ ...defaultRoomOptions, ...this.#table.find(room)?.options })
  }

  async admit(room: RoomId, most: number): Promise<void> {
    if (!this.#table.find(room) && this.#table.size >= most) throw new SignalError('too_many_rooms')
  }

  async configure(id: RoomId, options: Partial<RoomOptions>): Promise<void> {
    const room = this.#table.make(id)
    room.options = structuredClone({ ...room.options, ...options })
  }

  async remove(id: RoomId): Promise<void> {
    const room = this.#table.find(id)
    if (!room) return
    room.options = undefined
    this.#table.tidy(id)
  }

  /** `due` of the nodes tidies rooms away here. */
  async prune(): Promise<void> {}
}
