import type { Keyring } from '../core/keyring.ts'
import type { ReadToken } from '../core/ports/identity.ts'
import { readToken } from '../core/tokens.ts'
import { isJwt, type JwtConfig, jwtReader } from './jwt.ts'

/** Either form of a login token (wire 3): a JWT has dots, OWT's base64 never has. */
export function loginTokens(keys: Keyring, config: JwtConfig): ReadToken {
  const readJwt = jwtReader(keys, config)
  return async (token, now) => (isJwt(token) ? readJwt(token, now) : readToken(keys, token, now))
}
