import type { Deadline } from '../deadline.ts'
import type { RoomId, RoomOptions } from '../model.ts'

/** A room that is configured, or has members, or both. `closed`: when it was, if it was not long ago; ms. */
export type FoundRoom = { id: RoomId; configured?: RoomOptions; members: number; closed?: number }

/** What is set for a room, and which rooms there are. */
export interface RoomStore {
  options(room: RoomId): Promise<RoomOptions>
  /**
   * Counts a new room, and refuses it when `most` are open already: configured, or with participants. An open room is
   * always let in. A store that cannot count refuses none.
   * @throws too_many_rooms
   */
  registerWithin(room: RoomId, most: number): Promise<void>
  /** Puts rooms on the list of rooms, or keeps them there. @throws unavailable */
  touch(rooms: RoomId[]): Promise<void>
  /** Puts rooms that are open on the list of rooms, and takes the others off it. @throws unavailable */
  relist(rooms: RoomId[]): Promise<void>
  /** Makes the room if need be; a room that was configured stays when it is empty. */
  configure(room: RoomId, options: Partial<RoomOptions>): Promise<void>
  /**
   * Replaces all options, if they are still as they were found; `before` undefined: none are set.
   * @throws unavailable: also after the deadline
   */
  replace(room: RoomId, before: RoomOptions | undefined, after: RoomOptions, deadline?: Deadline): Promise<boolean>
  /**
   * Takes what was configured back. A room with members goes on with the defaults until they have left.
   * @param closed tokens that were made until `at` enter no more; that is known for so many `seconds`
   * @throws unavailable: also after the deadline
   */
  remove(room: RoomId, closed?: { at: number; seconds: number }, deadline?: Deadline): Promise<void>
  find(room: RoomId): Promise<FoundRoom | undefined>
  /**
   * Rooms in the order of their ids, by position: looks at `limit` of them from the `start`th. A room that ended a short
   * while ago still has its place and is left out, so there may be fewer; `more` says whether there are any behind these.
   */
  list(start: number, limit: number): Promise<{ rooms: FoundRoom[]; more: boolean }>
  /** Looks at up to `limit` rooms of the list that no node has noted for `age` seconds, and takes off those that are not open. Resolves to the others. */
  prune(age: number, limit: number): Promise<RoomId[]>
}
