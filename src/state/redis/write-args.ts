import type { Write } from '../../core/ports/session-store.ts'

/** The first arguments of every script that writes for a participant: owner, op, rid, reply, confirmed. */
export function writeArgs({ ref, op, rid, reply, confirmed }: Write): (string | number)[] {
  const ack = rid === undefined || reply === undefined ? '' : JSON.stringify(reply)
  return [ref.owner, op, rid ?? '', ack, confirmed ?? '']
}
