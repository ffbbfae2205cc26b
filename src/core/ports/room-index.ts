import type { RoomId } from '../model.ts'
import type { FoundRoom } from './room-store.ts'

/** The list of all open rooms: those that are configured or have members. It is kept beside the rooms and may lag behind them. */
export interface RoomIndex {
  /**
   * Adds a new room, unless `maxRooms` are open already. An open room is always accepted. A store that cannot count refuses none.
   * @throws too_many_rooms
   */
  registerWithin(room: RoomId, maxRooms: number): Promise<void>
  /** Adds rooms, or keeps them. @throws unavailable */
  touch(rooms: RoomId[]): Promise<void>
  /** Adds the rooms that are open, and removes the others. @throws unavailable */
  relist(rooms: RoomId[]): Promise<void>
  /**
   * Rooms in the order of their ids: looks at `limit` of them from the `start`th. A room that ended a short while ago still has
   * its position and is left out, so the result may be shorter than `limit`. `more`: there are rooms after these.
   */
  list(start: number, limit: number): Promise<{ rooms: FoundRoom[]; more: boolean }>
  /**
   * Looks at up to `limit` rooms that no node has touched for `age` seconds, and removes those that are not open.
   * Resolves to the others.
   */
  prune(age: number, limit: number): Promise<RoomId[]>
}
