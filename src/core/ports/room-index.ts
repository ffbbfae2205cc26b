import type { RoomId } from '../model.ts'
import type { FoundRoom } from './room-store.ts'

/** The index of all open rooms: those that are configured or have members. It may lag behind the rooms. */
export interface RoomIndex {
  /**
   * Adds a room, unless it is new and `maxRooms` are open already. A store that cannot count the rooms at the moment accepts it.
   * @throws too_many_rooms
   */
  registerWithin(room: RoomId, maxRooms: number): Promise<void>
  /** Adds rooms, or keeps them. @throws unavailable */
  touch(rooms: RoomId[]): Promise<void>
  /** Adds the rooms that are open, and removes the others. @throws unavailable */
  relist(rooms: RoomId[]): Promise<void>
  /**
   * A page of rooms in the order of their ids: `limit` positions from `start`. A room that ended a short while ago still has its
   * position and is left out, so the page may be shorter. `more`: whether rooms follow the page.
   */
  list(start: number, limit: number): Promise<{ rooms: FoundRoom[]; more: boolean }>
  /**
   * Checks up to `limit` rooms that no node has touched for `age` seconds, and removes those that are not open.
   * Resolves to the open ones.
   */
  prune(age: number, limit: number): Promise<RoomId[]>
}
