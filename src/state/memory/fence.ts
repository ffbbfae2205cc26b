import { SignalError } from '../../core/errors.ts'
import type { Write } from '../../core/ports/places.ts'
import type { Room, RoomTable, Seat } from './room.ts'

/** Does a write once and only for the owner of the place. One that resulted in false was not done. */
export function fenced<T>(table: RoomTable, write: Write, perform: (room: Room, seat: Seat) => T): T {
  const room = table.find(write.place.room)
  const seat = room?.seats.get(write.place.id)
  if (!room || !seat || seat.owner !== write.place.owner) throw new SignalError('moved')
  if (seat.op === write.op) return seat.result as T
  const result = perform(room, seat)
  if (result === false) return result
  seat.op = write.op
  seat.result = result
  if (write.rid !== undefined) {
    seat.rid = write.rid
    seat.replies.set(write.rid, write.reply)
    for (const rid of seat.replies.keys()) if (seat.replies.size > 128) seat.replies.delete(rid)
  }
  return result
}
