import type { RoomId } from '../model.ts'

export type NodeInfo = { id: string; url: string; version: string; connections: number }

/** The nodes of the cluster and their leases, on the store's own clock. */
export interface NodeRegistry {
  /** Extends the lease. Resolves to false if it had expired: other nodes may have treated the node as dead. */
  heartbeat(info: NodeInfo): Promise<boolean>
  /** Nodes whose lease has not expired, in the order of their ids. */
  list(): Promise<NodeInfo[]>
  /** Nodes whose lease has expired. */
  expired(): Promise<string[]>
  remove(node: string): Promise<void>
  /** Records that a node has members of rooms, before the first member enters. A superset is fine. */
  trackRooms(node: string, rooms: RoomId[]): Promise<void>
  untrackRoom(node: string, room: RoomId): Promise<void>
  /** The rooms that are recorded for a node. */
  trackedRooms(node: string): Promise<RoomId[]>
}
