import type { ReadToken } from '../../core/auth/token-reader.ts'
import type { MediaBackend } from '../../core/media/media-backend.ts'
import type { State } from '../../core/ports/state.ts'
import type { Sessions } from '../../core/session/sessions.ts'
import type { IceServers } from '../shared/ice.ts'

/** What the portal's handlers work with. */
export type PortalServices = {
  sessions: Sessions
  state: State
  media: MediaBackend
  readToken: ReadToken
  iceServers: IceServers
}
