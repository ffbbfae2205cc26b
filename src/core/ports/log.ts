import type { Deadline } from '../deadline.ts'
import type { Draft, Entry, RoomId } from '../model.ts'
import type { SessionRef, Write } from './session-store.ts'

/** The log of every room. */
export interface Log {
  /**
   * Numbers, stores and publishes one entry. Resolves to its seq.
   * @throws moved (the writer is not the owner), no_such_participant (`to` is not in the room)
   */
  append(write: Write, draft: Draft): Promise<number>
  /** Entries after a position, oldest first. Empty if there are none, or if the log has trimmed them. */
  read(room: RoomId, after: number, limit: number): Promise<Entry[]>
  /**
   * The seq of the newest entry of each room, 0 for a room that does not exist.
   * @param reached the last seq of each room that this node has delivered. A room whose newest seq is smaller has lost entries,
   *   and goes on far above `reached` (`leap`)
   */
  heads(rooms: RoomId[], reached?: number[]): Promise<number[]>
  /** The ack of a `rid` that was done. The store keeps at least the last 100. */
  replyTo(ref: SessionRef, rid: number): Promise<{ reply: unknown } | undefined>
  /**
   * Appends an entry of no participant of the room: management's, or that of a participant of another room.
   * @param dedupeKey a repetition with the same key is not appended
   * @throws no_such_participant (`to` is not in the room, or the room does not exist)
   */
  announce(room: RoomId, draft: Draft, dedupeKey?: string, deadline?: Deadline): Promise<number>
  /** Records the ack of a request that was done in another room. @throws moved */
  recordReply(write: Write): Promise<void>
}
