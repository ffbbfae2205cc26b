import type { RoomId } from '../model.ts'

export type RoomSize = { room: RoomId; size: number }

/**
 * The open rooms of a dialect and their sizes. A recorded size may be out of date: a node that changes the members of a room counts
 * it again, and nodes periodically count rooms that were not counted for long.
 */
export interface RoomSizes {
  /** Counts the members of a room and records the number. Resolves to whether it has changed. */
  count(room: RoomId): Promise<boolean>
  /** At most `limit` rooms, the largest first. */
  list(dialect: string, limit: number): Promise<RoomSize[]>
  /** At most `limit` rooms that no node has counted for `age` ms. */
  stale(dialect: string, age: number, limit: number): Promise<RoomId[]>
  /** Claims the broadcast of the list. Resolves to true for one node of the cluster every `ms`. */
  claimBroadcast(dialect: string, ms: number): Promise<boolean>
}
