import type { MediaBackend } from '../../core/ports/media.ts'
import type { State } from '../../core/ports/state.ts'
import type { Sessions } from '../../core/sessions.ts'
import type { Claims } from '../../core/tokens.ts'

/** What the portal's handlers work with. */
export type PortalServices = {
  sessions: Sessions
  state: State
  media: MediaBackend
  /** @throws bad_token, token_signature, token_expired */
  readToken: (token: unknown, now: number) => Claims
}
