import { writeOf } from '../../core/session/request-context.ts'
import type { Handlers } from '../../gateway/requests.ts'
import type { rooms } from '../../protocol/rooms.ts'
import type { RoomsServices } from './services.ts'

/** For the room that one is in, and for those that one enters on this connection. Nobody is told. */
export function nickname({ sessions }: RoomsServices): Handlers<typeof rooms>['nickname'] {
  return async ({ connection, session, ...context }, { name }) => {
    const profile = { nickname: name.trim() }
    if (session) await sessions.setProfile(session, writeOf({ ...context, session }), profile)
    Object.assign(connection.profile, profile)
    return undefined
  }
}
