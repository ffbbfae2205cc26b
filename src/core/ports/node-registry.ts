import type { RoomId } from '../model.ts'

export type NodeInfo = { id: string; url: string; version: string; connections: number }

/** The nodes of the cluster and their leases, on the store's own clock. */
export interface NodeRegistry {
  /** Extends the lease. False: it had expired, and other nodes may have acted on that. */
  heartbeat(info: NodeInfo): Promise<boolean>
  /** Nodes whose lease has not expired, by id. */
  list(): Promise<NodeInfo[]>
  /** Nodes whose lease has expired. */
  expired(): Promise<string[]>
  remove(node: string): Promise<void>
  /** Records, before the first member is there, that a node has members of rooms. A superset is fine. */
  trackRooms(node: string, rooms: RoomId[]): Promise<void>
  untrackRoom(node: string, room: RoomId): Promise<void>
  /** Rooms that are recorded for a node. */
  trackedRooms(node: string): Promise<RoomId[]>
}
