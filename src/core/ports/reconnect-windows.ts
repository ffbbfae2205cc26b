import type { ParticipantId, RoomId } from '../model.ts'
import type { SessionRef } from './session-store.ts'

/** A participant whose reconnect window may have expired. `windowEnd`: the recorded end, ms on the store's clock. */
export type ExpiredWindow = { room: RoomId; id: ParticipantId; windowEnd: number }

/** The reconnect windows of all sessions that wait. Opens those of a dead node's sessions. */
export interface ReconnectWindows {
  /** Participants whose window may have expired, oldest first. `leave` with `{ windowEnd }` decides. */
  expired(limit: number): Promise<ExpiredWindow[]>
  /** Removes the recorded end of a window, unless the participant has a later one. */
  remove(room: RoomId, id: ParticipantId, windowEnd: number): Promise<void>
  /** Sets the end of a window some seconds later, because the reaper could not remove the participant now. */
  postpone(room: RoomId, id: ParticipantId): Promise<void>
  /** Records the end of the window of a session that waits, unless one is recorded. */
  recordAgain(ref: SessionRef, windowEnd: number): Promise<void>
  /**
   * Opens the windows of a dead node's participants in at most `limit` rooms.
   * @returns `left`: participants that do not reconnect, in every call until they are removed. `done`: no participants remain
   */
  detachAllOf(
    node: string,
    limit: number,
  ): Promise<{ done: boolean; left: { room: RoomId; id: ParticipantId; owner: string }[] }>
}
