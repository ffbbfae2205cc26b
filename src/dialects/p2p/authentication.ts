import type { Claims } from '../../core/auth/tokens.ts'
import { SignalError } from '../../core/errors.ts'
import { newId } from '../../core/ids.ts'
import { isName } from '../../core/names.ts'
import type { Handlers } from '../../gateway/requests.ts'
import type { p2p } from '../../protocol/p2p.ts'
import { claimsOf } from '../shared/authentication.ts'
import { participantIdOf } from './mailbox.ts'
import type { P2pServices } from './services.ts'

/** The user takes its mailbox, new or with what was held in it; a connection that had it before is closed. */
export function authentication(services: P2pServices): Handlers<typeof p2p>['authentication'] {
  const { sessions } = services
  return async ({ connection, ...timing }, context) => {
    const claims = await claimsFor(services, context?.token)
    const uid = claims.user
    const { session } = await sessions.joinOrResume({
      connection,
      dialect: 'p2p',
      claims: { ...claims, room: uid },
      profile: {},
      id: participantIdOf(uid),
      ...timing,
    })
    // the older of two ways to say the same, which OWT's samples wait for
    return {
      reply: { uid },
      session,
      first: { when: 'before ack', rendered: ['server-authenticated', { uid }] },
    }
  }
}

/**
 * Where no token is needed, what stands in its place is the user's id; nothing: an id is made (docs/owt.md#p2p).
 * @throws bad_name (others could not address or see such an id), or as `readToken`
 */
async function claimsFor({ readToken, anonymous }: P2pServices, token: string | null | undefined): Promise<Claims> {
  if (!anonymous) return readToken(token ?? undefined)
  const uid = token || `${newId()}@anonymous`
  if (!isName(uid)) throw new SignalError('bad_name')
  return claimsOf(uid, uid)
}
