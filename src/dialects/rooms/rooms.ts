import type { Handlers } from '../../gateway/requests.ts'
import type { rooms as table } from '../../protocol/rooms.ts'
import { openRoomsOf } from './room.ts'
import type { RoomsServices } from './services.ts'

export function rooms({ openRoomList }: RoomsServices): Handlers<typeof table>['rooms'] {
  return async () => openRoomsOf(await openRoomList.list())
}
