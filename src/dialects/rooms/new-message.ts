import { writeOf } from '../../core/session/request-context.ts'
import type { Handlers } from '../../gateway/dialect.ts'
import type { rooms } from '../../protocol/rooms.ts'
import { nicknameOf, requireRoom } from './room.ts'
import type { RoomsServices } from './services.ts'

/** To everyone else in the room, under the nickname of now. */
export function newMessage({ state }: RoomsServices): Handlers<typeof rooms>['new_message'] {
  return async (context, { text, room }) => {
    const { session } = context
    requireRoom(session, room)
    const data = { text, nickname: nicknameOf(session.member) }
    await state.log.append(writeOf(context), { event: 'text', data, from: session.id, except: session.id })
    return undefined
  }
}
