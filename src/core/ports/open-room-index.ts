import type { RoomId } from '../model.ts'

export type RoomSize = { room: RoomId; size: number }

/**
 * Which rooms of a dialect are open, and how many are in each. It is kept beside the rooms, so it may lag behind them;
 * who changes a room's members has it counted anew, and what was missed is found by looking again now and then.
 */
export interface OpenRoomIndex {
  /** Counts a room's members and notes how many there are. True when that is news. */
  count(room: RoomId): Promise<boolean>
  /** The largest first, at most `limit`. */
  list(dialect: string, limit: number): Promise<RoomSize[]>
  /** Rooms of the list that were not counted for `age` ms, at most `limit`. */
  stale(dialect: string, age: number, limit: number): Promise<RoomId[]>
  /** True for one asker in the whole cluster every `ms`: it may tell everyone. */
  claimBroadcast(dialect: string, ms: number): Promise<boolean>
}
