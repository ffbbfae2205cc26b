import type { Handlers } from '../../gateway/requests.ts'
import type { rooms } from '../../protocol/rooms.ts'
import type { RoomsServices } from './services.ts'

export function leaveRoom({ sessions }: RoomsServices): Handlers<typeof rooms>['leave_room'] {
  return async ({ session, ...timing }) => {
    await sessions.logout(session, timing)
    return undefined
  }
}
