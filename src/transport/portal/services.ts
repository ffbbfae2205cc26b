import type { IceServer } from '../../core/ice.ts'
import type { ReadToken } from '../../core/ports/identity.ts'
import type { MediaBackend } from '../../core/ports/media.ts'
import type { State } from '../../core/ports/state.ts'
import type { Sessions } from '../../core/sessions.ts'

/** What the portal's handlers work with. */
export type PortalServices = {
  sessions: Sessions
  state: State
  media: MediaBackend
  readToken: ReadToken
  /** Fresh for a user; `now` is ms since the epoch. */
  iceServers: (user: string, now: number) => IceServer[]
}
