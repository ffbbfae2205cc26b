import type { Messages } from '../../core/messages.ts'
import type { OpenRooms } from '../../core/room/open-rooms.ts'
import type { Sessions } from '../../core/session/sessions.ts'
import type { IdentityServices } from '../shared/authentication.ts'
import type { IceServers } from '../shared/ice.ts'

/** What the handlers of this dialect use. */
export type RoomsServices = IdentityServices & {
  sessions: Sessions
  messages: Messages
  openRooms: OpenRooms
  iceServers: IceServers
}
