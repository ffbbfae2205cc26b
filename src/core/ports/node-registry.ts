import type { ParticipantId, RoomId } from '../model.ts'
import type { SessionRef } from './session-store.ts'

/** A participant whose window may be over. */
export type ExpiredSession = { room: RoomId; id: ParticipantId; due: number }

export type NodeInfo = { id: string; url: string; version: string; connections: number }

/** The lease of every node, and what has to be done when one runs out. Times are the store's own clock. */
export interface NodeRegistry {
  /** Extends the lease. False: it had run out, and others may have acted on that. */
  heartbeat(info: NodeInfo): Promise<boolean>
  /** Nodes whose lease ran out. */
  expiredNodes(): Promise<string[]>
  /** Notes, before the first member is there, that a node holds members of rooms. A superset is fine. */
  trackRooms(node: string, rooms: RoomId[]): Promise<void>
  untrackRoom(node: string, room: RoomId): Promise<void>
  /** Rooms that were noted for a node and not released. */
  trackedRooms(node: string): Promise<RoomId[]>
  /**
   * Puts the participants of a dead node into the window, at most `limit` rooms at a time.
   * `left` are those who do not reconnect: named again until they were taken out.
   * Resolves with `done` when nothing of the node is left.
   */
  detachAllOf(
    node: string,
    limit: number,
  ): Promise<{ done: boolean; left: { room: RoomId; id: ParticipantId; owner: string }[] }>
  /** Participants whose window may be over, oldest first; `leave` decides with `{ due }`. */
  expiredSessions(limit: number): Promise<ExpiredSession[]>
  /** Forgets a due participant that was dealt with; one that has waited anew stays. */
  clearDue(room: RoomId, id: ParticipantId, due: number): Promise<void>
  /** A due participant could not be dealt with: it is due again some seconds later. */
  postpone(room: RoomId, id: ParticipantId): Promise<void>
  /** Notes the deadline of a participant that waits, unless a deadline is noted. */
  recordDeadline(ref: SessionRef, deadline: number): Promise<void>
  remove(node: string): Promise<void>
}
