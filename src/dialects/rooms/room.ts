import { SignalError } from '../../core/errors.ts'
import { type Member, roomName } from '../../core/model.ts'
import type { RoomSize } from '../../core/ports/room-sizes.ts'
import type { Session } from '../../core/session/session.ts'

/** All members of a room, as clients receive them. */
export function membersOf(members: Member[]): { id: string; nickname: string }[] {
  return members.map((member) => ({ id: member.id, nickname: nicknameOf(member) }))
}

export function nicknameOf({ profile: { nickname }, user }: Member): string {
  return typeof nickname === 'string' ? nickname : user
}

/** @throws not_in_room: the request names another room than the session's */
export function requireRoom({ room }: Session, name: string | null | undefined): void {
  if (name != null && roomName(room) !== name.trim()) throw new SignalError('not_in_room')
}

export function openRoomsOf(rooms: RoomSize[]): { name: string; size: number }[] {
  return rooms.map(({ room, size }) => ({ name: roomName(room), size }))
}

/** The arguments of `room_change`: the names, for simple clients, and each name with the room's size. */
export function roomChangeOf(open: RoomSize[]): [names: string[], rooms: { name: string; size: number }[]] {
  const rooms = openRoomsOf(open)
  return [rooms.map(({ name }) => name), rooms]
}
