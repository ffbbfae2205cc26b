import { roomName } from '../../core/model.ts'
import { type ServedDialect, serveTable } from '../../gateway/requests.ts'
import { rooms as table } from '../../protocol/rooms.ts'
import { sessionVerbs } from '../session-verbs/index.ts'
import { admission } from '../shared/authentication.ts'
import { answer } from './answer.ts'
import { directMessage } from './direct-message.ts'
import { enterRoom } from './enter-room.ts'
import { messages } from './error-messages.ts'
import { ice } from './ice.ts'
import { leaveRoom } from './leave-room.ts'
import { newMessage } from './new-message.ts'
import { nickname } from './nickname.ts'
import { offer } from './offer.ts'
import { metaOf, render } from './render.ts'
import { membersOf } from './room.ts'
import { rooms } from './rooms.ts'
import type { RoomsServices } from './services.ts'

/** Chat and calls on `/rooms` (docs/dialects.md#rooms). */
export function roomsDialect(services: RoomsServices): ServedDialect {
  const { sessions, iceServers } = services
  const requests = serveTable(table, {
    ...sessionVerbs({
      sessions,
      iceServers,
      dialect: 'rooms',
      onResumed: (connection, { member: { profile } }) => {
        Object.assign(connection.profile, profile)
      },
      snapshot: ({ id, room }, { roster }) => ({
        id,
        room: roomName(room),
        members: membersOf(roster.members),
      }),
    }),
    nickname: nickname(services),
    rooms: rooms(services),
    enter_room: enterRoom(services),
    leave_room: leaveRoom(services),
    new_message: newMessage(services),
    direct_message: directMessage(services),
    offer: offer(services),
    answer: answer(services),
    ice: ice(services),
  })
  return {
    name: 'rooms',
    namespace: '/rooms',
    events: new Set(requests.keys()),
    versions: { '1.0': { requests, success: 'ok' } },
    versionBeforeLogin: '1.0',
    render,
    metaOf,
    messages,
    allowsIdle: true,
    admit: admission(services),
  }
}
