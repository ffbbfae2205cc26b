import type { Deadline } from '../deadline.ts'
import type { RoomId, RoomOptions } from '../model.ts'

/** A room that is configured, or has members, or both. `closed`: when it was closed, if that is not long ago, ms. */
export type FoundRoom = { id: RoomId; configured?: RoomOptions; members: number; closed?: number }

/** The settings of rooms. */
export interface RoomStore {
  options(room: RoomId): Promise<RoomOptions>
  /** Creates the room if it does not exist. A configured room stays when it is empty. */
  configure(room: RoomId, options: Partial<RoomOptions>): Promise<void>
  /**
   * Replaces all options if they are still as they were read; `before` undefined: none were set.
   * @throws unavailable: also after the deadline
   */
  replace(room: RoomId, before: RoomOptions | undefined, after: RoomOptions, deadline?: Deadline): Promise<boolean>
  /**
   * Removes the settings. A room with members goes on with the defaults until they have left.
   * @param closed login tokens made until `at` are refused; the store remembers that for so many `seconds`
   * @throws unavailable: also after the deadline
   */
  remove(room: RoomId, closed?: { at: number; seconds: number }, deadline?: Deadline): Promise<void>
  find(room: RoomId): Promise<FoundRoom | undefined>
}
