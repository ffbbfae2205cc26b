import type { ParticipantMessages } from '../../core/participant-messages.ts'
import type { Sessions } from '../../core/session/sessions.ts'
import type { IdentityServices } from '../shared/authentication.ts'
import type { IceServers } from '../shared/ice.ts'

/** What the handlers of this dialect use. */
export type P2pServices = IdentityServices & {
  sessions: Sessions
  messages: ParticipantMessages
  iceServers: IceServers
}
