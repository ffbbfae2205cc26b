import type { ReadToken } from '../../core/auth/token-reader.ts'
import type { MediaBackend } from '../../core/media/media-backend.ts'
import type { ParticipantMessages } from '../../core/participant-messages.ts'
import type { Sessions } from '../../core/session/sessions.ts'
import type { IceServers } from '../shared/ice.ts'

/** What the handlers of this dialect use. */
export type PortalServices = {
  sessions: Sessions
  messages: ParticipantMessages
  media: MediaBackend
  readToken: ReadToken
  iceServers: IceServers
}
