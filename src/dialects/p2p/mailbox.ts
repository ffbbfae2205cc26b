import { createHash } from 'node:crypto'
import { type ParticipantId, type RoomId, roomIdOf, roomName } from '../../core/model.ts'
import type { Session } from '../../core/session/session.ts'

/**
 * A user is the only member of a room of its own, in which the others leave messages: so they have an order, are held
 * while the user is away, and are lost with nobody's node. The participant's id follows from the user's, which may be
 * any text and is known to everyone.
 */
export function mailboxOf(uid: string): { room: RoomId; id: ParticipantId } {
  return { room: roomIdOf('p2p', uid), id: participantIdOf(uid) }
}

export function participantIdOf(uid: string): ParticipantId {
  return createHash('sha256').update(uid).digest('hex').slice(0, 32)
}

export function uidOf({ room }: Session): string {
  return roomName(room)
}
