import type { Deadline } from '../deadline.ts'
import type { RoomId, RoomOptions } from '../model.ts'

/** A room that is configured, or has members, or both. `closed`: when management last closed it, ms, if the store remembers. */
export type FoundRoom = { id: RoomId; configured?: RoomOptions; members: number; closed?: number }

/** The options of rooms. */
export interface RoomStore {
  options(room: RoomId): Promise<RoomOptions>
  /** Sets options, and creates the room if it does not exist. A configured room stays open when it is empty. */
  configure(room: RoomId, options: Partial<RoomOptions>): Promise<void>
  /**
   * Replaces all options. Resolves to false if they are not as `before` any more; `before` is undefined for a room without options.
   * @throws unavailable, also after the deadline
   */
  replace(room: RoomId, before: RoomOptions | undefined, after: RoomOptions, deadline?: Deadline): Promise<boolean>
  /**
   * Removes the options. A room with members continues with the defaults until they have left.
   * @param closed the store refuses login tokens that were made until `at` (ms), and remembers that for `seconds`
   * @throws unavailable, also after the deadline
   */
  removeOptions(room: RoomId, closed?: { at: number; seconds: number }, deadline?: Deadline): Promise<void>
  find(room: RoomId): Promise<FoundRoom | undefined>
}
