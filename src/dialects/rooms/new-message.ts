import type { Handlers } from '../../gateway/requests.ts'
import type { rooms } from '../../protocol/rooms.ts'
import { nicknameOf, requireRoom } from './room.ts'
import type { RoomsServices } from './services.ts'

/** Sends a text to everyone else in the room, with the sender's present nickname. */
export function newMessage({ messages }: RoomsServices): Handlers<typeof rooms>['new_message'] {
  return async (context, { text, room }) => {
    const { session } = context
    requireRoom(session, room)
    const data = { text, nickname: nicknameOf(session.member) }
    await messages.relay(context, { event: 'text', data })
    return undefined
  }
}
