import type { Claims } from '../../core/auth/tokens.ts'
import { SignalError } from '../../core/errors.ts'
import { newId } from '../../core/ids.ts'
import { isName } from '../../core/names.ts'
import type { Handlers } from '../../gateway/requests.ts'
import type { p2p } from '../../protocol/p2p.ts'
import { claimsOf } from '../shared/authentication.ts'
import { participantIdOf } from './mailbox.ts'
import type { P2pServices } from './services.ts'

/** Takes over the user's mailbox, or opens a new one. The node closes the connection that had it before. */
export function authentication(services: P2pServices): Handlers<typeof p2p>['authentication'] {
  const { sessions } = services
  return async ({ connection, ...timing }, payload) => {
    const claims = await claimsFor(services, payload?.token)
    const uid = claims.user
    const { session } = await sessions.loginOrResume({
      connection,
      dialect: 'p2p',
      claims: { ...claims, room: uid },
      profile: {},
      id: participantIdOf(uid),
      ...timing,
    })
    // OWT's samples wait for this event instead of the ack
    return {
      reply: { uid },
      session,
      privateEvent: { when: 'before ack', rendered: ['server-authenticated', { uid }] },
    }
  }
}

/**
 * In an anonymous dialect `token` is the user's id. Without it the node makes an id (docs/owt.md#p2p).
 * @throws bad_name (an id that others could not address or see), and the errors of `readToken`
 */
async function claimsFor({ readToken, anonymous }: P2pServices, token: string | null | undefined): Promise<Claims> {
  if (!anonymous) return readToken(token ?? undefined)
  const uid = token || `${newId()}@anonymous`
  if (!isName(uid)) throw new SignalError('bad_name')
  return claimsOf(uid, uid)
}
