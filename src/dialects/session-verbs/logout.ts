import type { Handlers } from '../../gateway/requests.ts'
import type { session } from '../../protocol/session.ts'
import type { SessionServices } from './services.ts'

/** Ends the session. The connection stays open and may log in again. */
export function logout({ sessions }: SessionServices): Handlers<typeof session>['logout'] {
  return async ({ session, ...timing }) => {
    await sessions.logout(session, timing)
    return undefined
  }
}
