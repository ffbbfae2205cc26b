import { SignalError } from '../../core/errors.ts'
import { type Member, roomName } from '../../core/model.ts'
import type { Session } from '../../core/session/session.ts'

/** Everyone in a channel but one, as they are told of: `user` is what they gave as such. */
export function usersBut(id: string, members: Member[]): { id: string; user: unknown }[] {
  return members.filter((member) => member.id !== id).map((member) => ({ id: member.id, user: userOf(member) }))
}

export function userOf({ profile }: Member): unknown {
  return profile.user ?? null
}

/** @throws not_in_room: one speaks only in the channel that one is in */
export function requireChannel({ room }: Session, channelName: string): void {
  if (roomName(room) !== channelName) throw new SignalError('not_in_room')
}
