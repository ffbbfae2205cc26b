import { createHash } from 'node:crypto'
import { type ParticipantId, type RoomId, roomIdOf, roomName } from '../../core/model.ts'
import type { Session } from '../../core/session/session.ts'

/**
 * The room and the participant id of a user. Each user is the only member of its own room, and others append their messages to
 * its log. So the messages have an order, wait while the user is disconnected, and survive the loss of a node. The participant id
 * is a hash, because the user's id may be any text.
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
