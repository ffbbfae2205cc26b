import type { RoomId, RoomOptions } from '../model.ts'

/** What is set for a room, and which rooms there are. */
export interface Rooms {
  options(room: RoomId): Promise<RoomOptions>
  /** Refuses a new room when there are `most` already; a room that is there is always let in. @throws too_many_rooms */
  admit(room: RoomId, most: number): Promise<void>
  /** Makes the room if need be; a room that was configured stays when it is empty. */
  configure(room: RoomId, options: Partial<RoomOptions>): Promise<void>
  /** Takes what was configured back. A room with members goes on with the defaults until they have left. */
  remove(room: RoomId): Promise<void>
  /** Takes rooms that are gone off the list of rooms: looks at up to `limit` that were not used for `age` seconds. */
  prune(age: number, limit: number): Promise<void>
}
