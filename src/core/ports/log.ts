import type { Deadline } from '../deadline.ts'
import type { Draft, Entry, RoomId } from '../model.ts'
import type { SessionRef, Write } from './session-store.ts'

/** What was said in every room. */
export interface Log {
  /**
   * Numbers, keeps and tells one entry. Resolves to its seq.
   * @throws moved (the writer is not the owner), no_such_participant (`to` is not in the room)
   */
  append(write: Write, draft: Draft): Promise<number>
  /** Entries after a position, oldest first. Empty: there are none, or the log has forgotten them. */
  read(room: RoomId, after: number, limit: number): Promise<Entry[]>
  /**
   * The seq of the newest entry of each room, 0 for a room that is not there. With `reached`, the last that was handed on
   * of each: a room that is behind that has lost its newest entries, and goes on far above it (`leap`).
   */
  heads(rooms: RoomId[], reached?: number[]): Promise<number[]>
  /** The ack that a `rid` was given, if it was done: at least the last 100 are known. */
  replyTo(ref: SessionRef, rid: number): Promise<{ reply: unknown } | undefined>
  /**
   * An entry from no participant of the room: management, or a participant of another one.
   * @param once repeated with the same text, it is said once
   * @throws no_such_participant (`to` is not in the room, or there is no such room)
   */
  announce(room: RoomId, draft: Draft, once?: string, deadline?: Deadline): Promise<number>
  /** Notes the ack of a request that was done in another room. @throws moved */
  recordReply(write: Write): Promise<void>
}

/** The live side of the log: what is appended anywhere, told to every node that listens. May lose, double, reorder. */
export interface PubSub {
  /** Resolves when the subscription is confirmed: everything appended from then on is told, or a reset is. */
  subscribe(room: RoomId, onEntry: (entry: Entry) => void): Promise<void>
  unsubscribe(room: RoomId): Promise<void>
  /** Called after a subscription was re-established: something may have been missed in these rooms. */
  onResubscribed(reset: (rooms: RoomId[]) => void): void
}
