import { refuseLate } from '../../core/deadline.ts'
import { SignalError } from '../../core/errors.ts'
import type { Write } from '../../core/ports/session-store.ts'
import type { RoomRecord, RoomTable, SessionRecord } from './room.ts'

/** How many acks the store keeps of each participant. */
const maxReplies = 128

/** Performs a write once, before its deadline, for the owner of the session only. A write that returns false changed nothing. */
export function fenced<T>(table: RoomTable, write: Write, perform: (room: RoomRecord, record: SessionRecord) => T): T {
  refuseLate(write.deadline)
  const room = table.find(write.ref.room)
  const record = room?.records.get(write.ref.id)
  if (!room || !record || record.owner !== write.ref.owner) throw new SignalError('moved')
  if (record.op === write.op) return record.result as T
  if (write.rid !== undefined) refuseRepetition(record, write.rid)
  const result = perform(room, record)
  if (result === false) return result
  record.confirmed = Math.max(record.confirmed, write.confirmed ?? 0)
  record.op = write.op
  record.result = result
  if (write.rid !== undefined) recordReply(record, write.rid, write.reply)
  return result
}

/** A `rid` that is not stored was not performed, unless it is so old that the store has deleted its reply. */
function refuseRepetition({ replies, forgotten }: SessionRecord, rid: number): void {
  if (replies.has(rid) || rid <= forgotten) throw new SignalError('repeated')
}

function recordReply(record: SessionRecord, rid: number, reply: unknown): void {
  record.rid = Math.max(record.rid, rid)
  record.replies.set(rid, reply)
  if (record.replies.size <= maxReplies) return
  const [first = 0] = record.replies.keys()
  const oldest = first > record.rid - maxReplies ? Math.min(...record.replies.keys()) : first // `first` arrived before smaller rids
  record.replies.delete(oldest)
  record.forgotten = Math.max(record.forgotten, oldest)
}
