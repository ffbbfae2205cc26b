import type { RoomId } from '../model.ts'
import type { SessionBackup, SessionRef } from './session-store.ts'

/** A session in the store. `windowEnd` is valid while it waits: the end of its reconnect window, ms on the store's clock. */
export type SessionStatus = { ref: SessionRef; waiting: boolean; windowEnd: number }

/** The state of a session for its owner. `moved`: the session has another owner, or none any more. */
export type StoredState = 'connected' | 'waiting' | 'moved'

/** Nodes compare their sessions with those of the store, and repair differences. */
export interface SessionUpkeep {
  /** The state of each session. */
  states(refs: SessionRef[]): Promise<StoredState[]>
  /**
   * Records for each connected session that its client has received everything up to the seq `confirmed`. Resolves to the state of
   * each session.
   */
  recordConfirmed(sessions: { ref: SessionRef; confirmed: number }[]): Promise<StoredState[]>
  /** Marks a session as connected again: its node has the connection, but was declared dead. Resolves to false if it has moved. */
  reclaim(ref: SessionRef): Promise<boolean>
  /**
   * Restores a session in a store that may have lost its newest writes. If the store had lost the participant, it notifies the
   * others. Resolves to false if the participant has moved or left since.
   */
  restore(backup: SessionBackup): Promise<boolean>
  /** Sessions from before a leap that no node has restored since: their participants are waiting, or had left or moved. */
  unrestored(room: RoomId, leap: number): Promise<SessionRef[]>
  /** All sessions of a room. */
  list(room: RoomId): Promise<SessionStatus[]>
}
