import { SignalError } from '../../core/errors.ts'
import { type Member, roomName } from '../../core/model.ts'
import type { Session } from '../../core/session/session.ts'

/** The members of a channel except one, as clients receive them. `user`: what the client sent as `user` when it joined. */
export function usersExcept(id: string, members: Member[]): { id: string; user: unknown }[] {
  return members.filter((member) => member.id !== id).map((member) => ({ id: member.id, user: userOf(member) }))
}

export function userOf({ profile }: Member): unknown {
  return profile.user ?? null
}

/** @throws not_in_room: the request names another channel than the session's */
export function requireChannel({ room }: Session, channelName: string): void {
  if (roomName(room) !== channelName) throw new SignalError('not_in_room')
}
