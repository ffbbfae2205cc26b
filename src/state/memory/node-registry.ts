import type { RoomId } from '../../core/model.ts'
import type { NodeInfo, NodeRegistry } from '../../core/ports/node-registry.ts'
import type { RoomTable } from './room.ts'

/** The process is the only node. Its lease does not expire. */
export class MemoryNodeRegistry implements NodeRegistry {
  readonly #table: RoomTable
  #info: NodeInfo | undefined

  constructor(table: RoomTable) {
    this.#table = table
  }

  async heartbeat(info: NodeInfo): Promise<boolean> {
    this.#info = info
    return true
  }

  async list(): Promise<NodeInfo[]> {
    return this.#info ? [{ ...this.#info }] : []
  }

  async expired(): Promise<string[]> {
    return []
  }

  async remove(): Promise<void> {}
  async trackRooms(): Promise<void> {}
  async untrackRoom(): Promise<void> {}

  async trackedRooms(): Promise<RoomId[]> {
    return [...this.#table.entries()].map(([id]) => id)
  }
}
