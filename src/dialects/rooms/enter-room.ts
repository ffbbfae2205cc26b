import { type Roster, roomName } from '../../core/model.ts'
import type { Session } from '../../core/session/session.ts'
import { atMost } from '../../core/timeout.ts'
import type { Handlers } from '../../gateway/requests.ts'
import type { rooms } from '../../protocol/rooms.ts'
import { identify } from '../shared/authentication.ts'
import { iceOf } from '../shared/ice.ts'
import { membersOf } from './room.ts'
import type { RoomsServices } from './services.ts'

/** How long the ack waits for the update of the room list, which is on another shard, ms. */
const listTimeoutMs = 500

/** Enters a room and leaves the one before. Entering the present room again changes nothing and returns a new ticket. */
export function enterRoom(services: RoomsServices): Handlers<typeof rooms>['enter_room'] {
  const { sessions, openRoomList, iceServers } = services
  return async ({ connection, session: before, ...timing }, payload) => {
    const name = (typeof payload === 'string' ? payload : payload.payload).trim()
    if (before && roomName(before.room) === name) {
      const { roster, ticket, seq } = await sessions.reenter(before, timing)
      const ice = iceOf(iceServers(before.member.user))
      return { reply: { ...replyOf(before, roster, ticket, seq), ...ice }, session: before }
    }
    const claims = await identify(services, connection.socket, name)
    const profile = { ...connection.profile }
    const loggedIn = await sessions.login({ connection, dialect: 'rooms', claims, profile, ...timing })
    const { session, roster, ticket, seq } = loggedIn
    await atMost(listTimeoutMs, openRoomList.changed(session.room)) // so that `rooms` lists the room after the ack
    const ice = iceOf(iceServers(session.member.user))
    return { reply: { ...replyOf(session, roster, ticket, seq), ...ice }, session }
  }
}

function replyOf({ id, room }: Session, { members }: Roster, ticket: string, seq: number) {
  return { id, room: roomName(room), members: membersOf(members), ticket, seq }
}
