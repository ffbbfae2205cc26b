import { refuseLate } from '../../core/deadline.ts'
import { SignalError } from '../../core/errors.ts'
import type { Write } from '../../core/ports/session-store.ts'
import type { RoomRecord, RoomTable, SessionRecord } from './room.ts'

/** How many acks are known of each participant. */
const keptReplies = 128

/** Does a write once, before its deadline and only for the owner of the place. One that resulted in false was not done. */
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
  if (write.rid !== undefined) noteReply(record, write.rid, write.reply)
  return result
}

/** A smaller `rid` that is not known was refused at its time, unless it was too long ago to tell. */
function refuseRepetition({ replies, forgotten }: SessionRecord, rid: number): void {
  if (replies.has(rid) || rid <= forgotten) throw new SignalError('repeated')
}

function noteReply(record: SessionRecord, rid: number, reply: unknown): void {
  record.rid = Math.max(record.rid, rid)
  record.replies.set(rid, reply)
  if (record.replies.size <= keptReplies) return
  const [first = 0] = record.replies.keys()
  const oldest = first > record.rid - keptReplies ? Math.min(...record.replies.keys()) : first // `first` overtook others
  record.replies.delete(oldest)
  record.forgotten = Math.max(record.forgotten, oldest)
}
