import type { Socket } from 'socket.io'
import type { ReadToken } from '../../core/auth/token-reader.ts'
import { type Claims, hasTokenForm } from '../../core/auth/tokens.ts'
import { SignalError } from '../../core/errors.ts'
import { newId } from '../../core/ids.ts'
import { withTimeout } from '../../core/timeout.ts'

export type IdentityServices = {
  readToken: ReadToken
  /** Clients need no token (ANONYMOUS_DIALECTS). */
  anonymous: boolean
}

/** How long the admission of a client that may resume waits for the check of its token, ms. The keys may be remote. */
const tokenCheckTimeoutMs = 1000

/** The role of a client without a token. */
const anonymousRole = 'presenter'

/**
 * The claims of a client that enters a room of a dialect without a login of its own: those of the token in its handshake, or
 * anonymous ones. A token counts in an anonymous dialect too.
 * @throws bad_token, token_signature, token_expired, unauthorized (a token for another room), unavailable
 */
export async function identify(
  { readToken, anonymous }: IdentityServices,
  socket: Socket,
  room: string,
): Promise<Claims> {
  const { token } = credentialsOf(socket)
  if (token === undefined && anonymous) return claimsOf(room, 'anonymous')
  if (token === undefined) throw noToken()
  const claims = await readToken(token)
  if (claims.room !== room) throw new SignalError('unauthorized')
  return claims
}

/** The claims of a client that needs no token. The store marks their `tokenId` as used once, like that of a token. */
export function claimsOf(room: string, user: string): Claims {
  return { tokenId: newId(), room, user, role: anonymousRole, notAfter: 0 }
}

/**
 * Decides what a client may do. The ticket is the credential of a relogin, so a token that has expired, that was used, or whose key
 * was replaced or cannot be fetched, does not prevent a relogin. The client announces in its `auth` that it is going to log in
 * (`login: true`) or to resume (`login: false`). If it announces nothing, its token must have a token's form, and may do either.
 * @returns why the client may only resume; undefined: it may do everything
 * @throws bad_token (there is no token, or it has no token's form); for `login: true` also token_signature, token_expired, unavailable
 */
export function admission(services: IdentityServices): (socket: Socket) => Promise<SignalError | undefined> {
  return async (socket) => {
    const { token, login } = credentialsOf(socket)
    if (token === undefined && services.anonymous) return undefined
    if (login === false) return new SignalError('illegal_request')
    const refusal = refusalOf(services, token)
    if (login === true) throwIf(await refusal)
    const refused = await withTimeout(tokenCheckTimeoutMs, refusal, () => new SignalError('unavailable'))
    if (!hasTokenForm(token)) throwIf(refused)
    return refused
  }
}

async function refusalOf({ readToken }: IdentityServices, token: unknown): Promise<SignalError | undefined> {
  if (token === undefined) return noToken()
  try {
    await readToken(token)
    return undefined
  } catch (error) {
    if (error instanceof SignalError) return error
    throw error
  }
}

const noToken = () => new SignalError('bad_token', 'the client sent none')

function throwIf(refusal: SignalError | undefined): void {
  if (refusal) throw refusal
}

/** The credentials in `auth`. A 2.x client has no `auth`, and sends these fields in the namespace's query, as strings. */
function credentialsOf({ handshake }: Socket): { token: unknown; login: boolean | undefined } {
  const auth: unknown = handshake.auth
  const { token, login } = (typeof auth === 'object' && auth !== null ? auth : {}) as { [field: string]: unknown }
  return { token: token ?? undefined, login: booleanOf(login) }
}

function booleanOf(value: unknown): boolean | undefined {
  if (value === true || value === 'true') return true
  return value === false || value === 'false' ? false : undefined
}
