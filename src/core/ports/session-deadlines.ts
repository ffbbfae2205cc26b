import type { ParticipantId, RoomId } from '../model.ts'
import type { SessionRef } from './session-store.ts'

/** A participant whose reconnect window may have expired. `due`: the recorded deadline, ms on the store's clock. */
export type ExpiredSession = { room: RoomId; id: ParticipantId; due: number }

/** The deadlines of all sessions that wait, and the detachment of a dead node's sessions. */
export interface SessionDeadlines {
  /** Participants whose window may have expired, oldest first. `leave` with `{ due }` decides. */
  expired(limit: number): Promise<ExpiredSession[]>
  /** Removes a recorded deadline, unless the participant has a later one. */
  clear(room: RoomId, id: ParticipantId, due: number): Promise<void>
  /** Sets the deadline some seconds later, because the reaper could not remove the participant now. */
  postpone(room: RoomId, id: ParticipantId): Promise<void>
  /** Records the deadline of a session that waits, unless one is recorded. */
  record(ref: SessionRef, deadline: number): Promise<void>
  /**
   * Opens the windows of a dead node's participants in at most `limit` rooms.
   * @returns `left`: participants that do not reconnect, in every call until they are removed. `done`: no participants remain
   */
  detachAllOf(
    node: string,
    limit: number,
  ): Promise<{ done: boolean; left: { room: RoomId; id: ParticipantId; owner: string }[] }>
}
