import type { ReadToken } from '../../core/ports/identity.ts'
import type { MediaBackend } from '../../core/ports/media.ts'
import type { State } from '../../core/ports/state.ts'
import type { Sessions } from '../../core/sessions.ts'
import type { IceServers } from '../ice.ts'

/** What the portal's handlers work with. */
export type PortalServices = {
  sessions: Sessions
  state: State
  media: MediaBackend
  readToken: ReadToken
  iceServers: IceServers
}
