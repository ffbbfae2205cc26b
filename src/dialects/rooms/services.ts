import type { State } from '../../core/ports/state.ts'
import type { OpenRooms } from '../../core/room/open-rooms.ts'
import type { Sessions } from '../../core/session/sessions.ts'
import type { IdentityServices } from '../shared/authentication.ts'
import type { IceServers } from '../shared/ice.ts'

/** What the handlers of rooms work with. */
export type RoomsServices = IdentityServices & {
  sessions: Sessions
  state: State
  openRooms: OpenRooms
  iceServers: IceServers
}
