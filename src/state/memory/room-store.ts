import { isDeepStrictEqual } from 'node:util'
import { type Deadline, refuseLate } from '../../core/deadline.ts'
import { defaultRoomOptions, type RoomId, type RoomOptions } from '../../core/model.ts'
import type { FoundRoom, RoomStore } from '../../core/ports/room-store.ts'
import type { RoomTable } from './room.ts'

export class MemoryRoomStore implements RoomStore {
  readonly #table: RoomTable

  constructor(table: RoomTable) {
    this.#table = table
  }

  async options(room: RoomId): Promise<RoomOptions> {
    return this.#configured(room) ?? structuredClone(defaultRoomOptions)
  }

  async configure(id: RoomId, options: Partial<RoomOptions>): Promise<void> {
    const room = this.#table.make(id)
    room.options = structuredClone({ ...room.options, ...options })
    this.#table.count(id)
  }

  async replace(id: RoomId, before: RoomOptions | undefined, after: RoomOptions, deadline?: Deadline) {
    refuseLate(deadline)
    if (!isDeepStrictEqual(this.#configured(id), before)) return false
    this.#table.make(id).options = structuredClone(after)
    this.#table.count(id)
    return true
  }

  async removeOptions(id: RoomId, closed?: { at: number; seconds: number }, deadline?: Deadline): Promise<void> {
    refuseLate(deadline)
    if (closed) this.#table.close(id, closed.at, closed.seconds)
    const room = this.#table.find(id)
    if (!room) return
    room.options = undefined
    this.#table.tidy(id)
  }

  async find(id: RoomId): Promise<FoundRoom | undefined> {
    const configured = this.#configured(id)
    const members = this.#table.find(id)?.members.size ?? 0
    if (!configured && members === 0) return undefined
    const closed = this.#table.closedAt(id)
    return { id, members, ...(configured ? { configured } : {}), ...(closed === undefined ? {} : { closed }) }
  }

  #configured(id: RoomId): RoomOptions | undefined {
    const options = this.#table.find(id)?.options
    return options && structuredClone({ ...defaultRoomOptions, ...options })
  }
}
