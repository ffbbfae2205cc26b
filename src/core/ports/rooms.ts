import type { RoomId, RoomOptions } from '../model.ts'

/** A room that is configured, or has members, or both. `closed`: when it was, if it was not long ago; ms. */
export type FoundRoom = { id: RoomId; configured?: RoomOptions; members: number; closed?: number }

/** What is set for a room, and which rooms there are. */
export interface Rooms {
  options(room: RoomId): Promise<RoomOptions>
  /** Refuses a new room when there are `most` already; a room that is there is always let in. @throws too_many_rooms */
  admit(room: RoomId, most: number): Promise<void>
  /** Makes the room if need be; a room that was configured stays when it is empty. */
  configure(room: RoomId, options: Partial<RoomOptions>): Promise<void>
  /** Replaces all options, if they are still as they were found; `before` undefined: none are set. */
  replace(room: RoomId, before: RoomOptions | undefined, after: RoomOptions): Promise<boolean>
  /**
   * Takes what was configured back. A room with members goes on with the defaults until they have left.
   * @param closed tokens that were made until `at` enter no more; that is known for so many `seconds`
   */
  remove(room: RoomId, closed?: { at: number; seconds: number }): Promise<void>
  find(room: RoomId): Promise<FoundRoom | undefined>
  /**
   * Rooms in the order of their ids, by position: looks at `limit` of them from the `start`th. A room that ended a short
   * while ago still has its place and is left out, so there may be fewer; `more` says whether there are any behind these.
   */
  list(start: number, limit: number): Promise<{ rooms: FoundRoom[]; more: boolean }>
  /** Takes rooms that are gone off the list of rooms: looks at up to `limit` that were not used for `age` seconds. */
  prune(age: number, limit: number): Promise<void>
}
