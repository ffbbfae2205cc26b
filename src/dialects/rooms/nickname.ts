import { writeOf } from '../../core/session/request-context.ts'
import type { Handlers } from '../../gateway/requests.ts'
import type { rooms } from '../../protocol/rooms.ts'
import type { RoomsServices } from './services.ts'

/** Sets the nickname in the present room and in rooms that this connection enters later. It sends no notification. */
export function nickname({ sessions }: RoomsServices): Handlers<typeof rooms>['nickname'] {
  return async ({ connection, session, ...context }, { name }) => {
    const profile = { nickname: name.trim() }
    if (session) await sessions.setProfile(session, writeOf({ ...context, session }), profile)
    Object.assign(connection.profile, profile)
    return undefined
  }
}
