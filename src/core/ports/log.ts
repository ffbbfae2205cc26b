import type { Deadline } from '../deadline.ts'
import type { Draft, Entry, RoomId } from '../model.ts'
import type { SessionRef, Write } from './session-store.ts'

/** The logs of all rooms. */
export interface Log {
  /**
   * Numbers, stores and publishes an entry. Resolves to its seq.
   * @throws moved (the writer is not the owner), no_such_participant (`to` is not in the room)
   */
  append(write: Write, draft: Draft): Promise<number>
  /** Up to `limit` entries after a seq, oldest first. Trimmed entries are missing. */
  read(room: RoomId, after: number, limit: number): Promise<Entry[]>
  /** The seq of the newest entry of each room, 0 for a room that does not exist. */
  heads(rooms: RoomId[]): Promise<number[]>
  /**
   * As `heads`, for one room. If the room exists and its newest seq is smaller than the position of this node's feed, the store has
   * lost entries: the room then continues far above the position (a leap).
   */
  leapIfBehind(room: RoomId, feedPosition: number): Promise<number>
  /** The ack of a request that was performed. The store keeps at least the last 100 of a participant. */
  replyTo(ref: SessionRef, rid: number): Promise<{ reply: unknown } | undefined>
  /**
   * Appends an entry that is not from a participant of the room: from management, or from a participant of another room.
   * @param dedupeKey a repetition with the same key is not appended, and resolves to the seq of the first
   * @throws no_such_participant (`to` is not in the room, or the room does not exist)
   */
  appendFromServer(room: RoomId, draft: Draft, dedupeKey?: string, deadline?: Deadline): Promise<number>
  /** Records the ack of a request that was performed in another room. @throws moved */
  recordReply(write: Write): Promise<void>
}
