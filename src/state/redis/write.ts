import type { Write } from '../../core/ports/places.ts'

/** The first arguments of every script that writes for a participant: owner, op, rid, reply. */
export function writeArgs({ place, op, rid, reply }: Write): [string, string, number | '', string] {
  return [place.owner, op, rid ?? '', rid === undefined || reply === undefined ? '' : JSON.stringify(reply)]
}
