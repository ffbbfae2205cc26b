import type { ParticipantId, RoomId } from '../model.ts'
import type { SessionRef } from './session-store.ts'

/** A participant whose reconnect window may be over. `due`: the deadline that is recorded, ms on the store's clock. */
export type ExpiredSession = { room: RoomId; id: ParticipantId; due: number }

/** The reconnect windows of all sessions that wait, and what opens them when a node is dead. */
export interface SessionDeadlines {
  /** Participants whose window may be over, oldest first. `leave` with `{ due }` decides. */
  expired(limit: number): Promise<ExpiredSession[]>
  /** Forgets a deadline that was dealt with. A later deadline of the same participant stays. */
  clear(room: RoomId, id: ParticipantId, due: number): Promise<void>
  /** Sets the deadline some seconds later, because the participant could not be dealt with now. */
  postpone(room: RoomId, id: ParticipantId): Promise<void>
  /** Records the deadline of a session that waits, unless one is recorded. */
  record(ref: SessionRef, deadline: number): Promise<void>
  /**
   * Opens the windows of a dead node's participants, in at most `limit` rooms.
   * @returns `left`: those who do not reconnect, named again until they are removed. `done`: the node has no participants left
   */
  detachAllOf(
    node: string,
    limit: number,
  ): Promise<{ done: boolean; left: { room: RoomId; id: ParticipantId; owner: string }[] }>
}
