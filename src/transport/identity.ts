import type { Socket } from 'socket.io'
import { SignalError } from '../core/errors.ts'
import { newId } from '../core/ids.ts'
import type { ReadToken } from '../core/ports/identity.ts'
import type { Claims } from '../core/tokens.ts'

export type IdentityServices = {
  readToken: ReadToken
  /** Clients need no token (ANONYMOUS_DIALECTS). */
  anonymous: boolean
}

/** Whoever comes without a token may do what everyone may. */
const role = 'presenter'

/**
 * Who comes into a room of a dialect that has no login of its own: whom the token in the handshake names, or nobody in
 * particular. A token counts where none is needed, too.
 * @throws bad_token, token_signature, token_expired, unauthorized (a token for another room), unavailable
 */
export async function identify(
  { readToken, anonymous }: IdentityServices,
  socket: Socket,
  room: string,
): Promise<Claims> {
  const token = tokenOf(socket)
  if (token === undefined && anonymous) return claimsOf(room, 'anonymous')
  const claims = await readToken(token)
  if (claims.room !== room) throw new SignalError('unauthorized')
  return claims
}

/** What a token would say of one who needs none; it is used once, like any other. */
export function claimsOf(room: string, user: string): Claims {
  return { tokenId: newId(), room, user, role, notAfter: 0 }
}

/**
 * Whether a client may connect at all. A token that is out of date may: its client comes back with a ticket, and for
 * anything else the token is looked at again.
 * @throws bad_token, token_signature, unavailable
 */
export function admission({ readToken, anonymous }: IdentityServices): (socket: Socket) => Promise<void> {
  return async (socket) => {
    const token = tokenOf(socket)
    if (token === undefined && anonymous) return
    try {
      await readToken(token)
    } catch (error) {
      if (!(error instanceof SignalError && error.code === 'token_expired')) throw error
    }
  }
}

/** `auth.token`; of a 2.x client, which has no auth, that of the namespace's query. */
function tokenOf({ handshake }: Socket): unknown {
  const auth: unknown = handshake.auth
  return typeof auth === 'object' && auth !== null && 'token' in auth ? (auth.token ?? undefined) : undefined
}
