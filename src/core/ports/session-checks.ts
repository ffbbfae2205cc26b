import type { RoomId } from '../model.ts'
import type { SessionRef, SessionSnapshot } from './session-store.ts'

/** A session as the store has it. `deadline`, while it waits: when its reconnect window ends, ms on the store's clock. */
export type SessionStatus = { ref: SessionRef; waiting: boolean; deadline: number }

/** What nodes check and repair: whether the store still has the sessions that they have, and the other way round. */
export interface SessionChecks {
  /**
   * The state of each session.
   * @param confirmed records for each connected session that its client has received everything up to there
   */
  states(refs: SessionRef[], confirmed?: number[]): Promise<('connected' | 'waiting' | 'moved')[]>
  /** Marks a session as connected whose node was declared dead and still has the connection. False if it has moved. */
  reclaim(ref: SessionRef): Promise<boolean>
  /**
   * Restores a session where the store may have lost its newest writes. False if the participant has moved or left since.
   * The store notifies the others of a participant that it did not know.
   */
  restore(snapshot: SessionSnapshot): Promise<boolean>
  /** Sessions from before a leap that no node has restored since: their participants wait, or had left or moved. */
  unrestored(room: RoomId, leap: number): Promise<SessionRef[]>
  /** All sessions of a room. */
  list(room: RoomId): Promise<SessionStatus[]>
}
