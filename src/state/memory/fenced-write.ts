import { refuseLate } from '../../core/deadline.ts'
import { SignalError } from '../../core/errors.ts'
import type { Write } from '../../core/ports/session-store.ts'
import type { Room, RoomTable, Seat } from './room.ts'

/** How many acks are known of each participant. */
const known = 128

/** Does a write once, before its deadline and only for the owner of the place. One that resulted in false was not done. */
export function fenced<T>(table: RoomTable, write: Write, perform: (room: Room, seat: Seat) => T): T {
  refuseLate(write.deadline)
  const room = table.find(write.place.room)
  const seat = room?.seats.get(write.place.id)
  if (!room || !seat || seat.owner !== write.place.owner) throw new SignalError('moved')
  if (seat.op === write.op) return seat.result as T
  if (write.rid !== undefined) refuseRepetition(seat, write.rid)
  const result = perform(room, seat)
  if (result === false) return result
  seat.cursor = Math.max(seat.cursor, write.cursor ?? 0)
  seat.op = write.op
  seat.result = result
  if (write.rid !== undefined) noteReply(seat, write.rid, write.reply)
  return result
}

/** A smaller `rid` that is not known was refused at its time, unless it was too long ago to tell. */
function refuseRepetition({ replies, forgotten }: Seat, rid: number): void {
  if (replies.has(rid) || rid <= forgotten) throw new SignalError('repeated')
}

function noteReply(seat: Seat, rid: number, reply: unknown): void {
  seat.rid = Math.max(seat.rid, rid)
  seat.replies.set(rid, reply)
  if (seat.replies.size <= known) return
  const [first = 0] = seat.replies.keys()
  const oldest = first > seat.rid - known ? Math.min(...seat.replies.keys()) : first // `first` overtook others
  seat.replies.delete(oldest)
  seat.forgotten = Math.max(seat.forgotten, oldest)
}
