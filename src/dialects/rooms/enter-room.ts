import { type Roster, roomName } from '../../core/model.ts'
import type { Session } from '../../core/session/session.ts'
import { atMost } from '../../core/timeout.ts'
import type { Handlers } from '../../gateway/requests.ts'
import type { rooms } from '../../protocol/rooms.ts'
import { identify } from '../shared/authentication.ts'
import { iceOf } from '../shared/ice.ts'
import { membersOf } from './room.ts'
import type { RoomsServices } from './services.ts'

/** How long the ack waits for the list of rooms, which is on a shard of its own. */
const listTimeoutMs = 500

/** Into a room, and out of the one before. Entering the room that one is in changes nothing. */
export function enterRoom(services: RoomsServices): Handlers<typeof rooms>['enter_room'] {
  const { sessions, openRooms, iceServers } = services
  return async ({ connection, session: standing, ...timing }, context) => {
    const name = (typeof context === 'string' ? context : context.payload).trim()
    if (standing && roomName(standing.room) === name) {
      const { roster, ticket, seq } = await sessions.reenter(standing, timing)
      const ice = iceOf(iceServers(standing.member.user))
      return { reply: { ...replyOf(standing, roster, ticket, seq), ...ice }, session: standing }
    }
    const claims = await identify(services, connection.socket, name)
    const profile = { ...connection.profile }
    const entered = await sessions.login({ connection, dialect: 'rooms', claims, profile, ...timing })
    const { session, roster, ticket, seq } = entered
    await atMost(listTimeoutMs, openRooms.changed(session.room)) // so that the list has the room when the client is told
    const ice = iceOf(iceServers(session.member.user))
    return { reply: { ...replyOf(session, roster, ticket, seq), ...ice }, session }
  }
}

function replyOf({ id, room }: Session, { members }: Roster, ticket: string, seq: number) {
  return { id, room: roomName(room), members: membersOf(members), ticket, seq }
}
