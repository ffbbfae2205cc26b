import type { ParticipantMessages } from '../../core/participant-messages.ts'
import type { OpenRoomList } from '../../core/room/open-room-list.ts'
import type { Sessions } from '../../core/session/sessions.ts'
import type { IdentityServices } from '../shared/authentication.ts'
import type { IceServers } from '../shared/ice.ts'

/** What the handlers of this dialect use. */
export type RoomsServices = IdentityServices & {
  sessions: Sessions
  messages: ParticipantMessages
  openRoomList: OpenRoomList
  iceServers: IceServers
}
