import type { portal } from '../../protocol/portal.ts'
import type { Handlers } from '../dialect.ts'
import type { PortalServices } from './services.ts'

/** The participant leaves; the connection stays, and may log in again. */
export function logout({ sessions }: PortalServices): Handlers<typeof portal>['logout'] {
  return async ({ session, at }) => {
    await sessions.logout(session, at)
    return undefined
  }
}
