import { SignalError } from '../errors.ts'
import { newId } from '../ids.ts'
import { isName, isRole } from '../names.ts'
import { decodeObject, encodeAscii, type Keyring, sign, verify } from './keyring.ts'

/** How long a token of any form may be valid: a used token is remembered until it expires. */
export const maxTokenLifeSeconds = 366 * 24 * 3600

/**
 * Permission to enter a room once, as a user in a role. `room`, as in the token, is the room's name in its dialect. `made`: when the token was written, if known; it is not valid for a room that
 * was closed later. Times are ms since the epoch.
 */
export type Claims = { tokenId: string; room: string; user: string; role: string; made?: number; notAfter: number }

/**
 * A login token in OWT's form: base64 of ASCII JSON with `tokenId`, `host`, `secure`, `signature` (docs/owt.md#login-tokens).
 * Unlike OWT's it contains its claims, so that any node can check it without a database. The store records in the room's keys that it
 * was used.
 * @param target `host`: the `name:port` that clients connect to, without a scheme
 */
export function writeToken(
  keys: Keyring,
  claims: Omit<Claims, 'tokenId' | 'notAfter'>,
  target: { host: string; secure: boolean },
  notAfter: number,
): string {
  const token = { tokenId: newId(), ...claims, ...target, notAfter }
  return encodeAscii({ ...token, signature: sign(keys, 'token', parts(token)) })
}

/** Whether a value has the form of a login token: a JWT with a header, or base64 of a JSON object. */
export function hasTokenForm(token: unknown): boolean {
  if (typeof token !== 'string') return false
  try {
    decodeObject(isJwt(token) ? token.slice(0, token.indexOf('.')) : token)
    return true
  } catch {
    return false
  }
}

/** Three parts in base64url. OWT's tokens have no dots. */
export function isJwt(token: unknown): token is string {
  return typeof token === 'string' && /^[\w-]+\.[\w-]+\.[\w-]*$/.test(token)
}

type Token = Claims & { host: string; secure: boolean }

const parts = (token: Token) => [
  token.tokenId,
  token.room,
  token.user,
  token.role,
  token.host,
  token.secure,
  token.notAfter,
  ...(token.made === undefined ? [] : [token.made]),
]

/** @throws bad_token (the detail says what cannot be read), token_signature, token_expired */
export function readToken(keys: Keyring, text: unknown, now: number): Claims {
  let fields: { [field: string]: unknown }
  try {
    fields = decodeObject(text)
  } catch (error) {
    throw new SignalError('bad_token', error instanceof Error ? error.message : '', { cause: error })
  }
  const { tokenId, room, user, role, host, secure, notAfter, made, signature } = fields
  if (
    typeof tokenId !== 'string' ||
    typeof room !== 'string' ||
    typeof user !== 'string' ||
    typeof role !== 'string' ||
    typeof host !== 'string' ||
    typeof secure !== 'boolean' ||
    typeof notAfter !== 'number' ||
    (made !== undefined && typeof made !== 'number') ||
    typeof signature !== 'string' ||
    !verify(keys, 'token', parts({ tokenId, room, user, role, host, secure, notAfter, ...madeAt(made) }), signature)
  ) {
    throw new SignalError('token_signature')
  }
  const wrong = (!isName(room) && 'room') || (!isName(user) && 'user') || (!isRole(role) && 'role')
  if (wrong) throw new SignalError('bad_token', `Invalid token: ${wrong}`)
  if (now > notAfter) throw new SignalError('token_expired')
  if (notAfter > now + maxTokenLifeSeconds * 1000) throw new SignalError('bad_token', 'Invalid token: notAfter')
  return { tokenId, room, user, role, notAfter, ...madeAt(made) }
}

const madeAt = (made: number | undefined) => (made === undefined ? {} : { made })
