import type { Keyring } from '../core/auth/keyring.ts'
import type { ReadToken } from '../core/auth/token-reader.ts'
import { isJwt, readToken } from '../core/auth/tokens.ts'
import { type JwtConfig, jwtReader } from './jwt.ts'

/**
 * Either form of a login token (docs/protocol.md#login-tokens): a JWT has dots, OWT's base64 never has.
 * @param date ms since the epoch, on the clock that every node of the cluster reads: a token ends everywhere at once
 */
export function loginTokens(keys: Keyring, config: JwtConfig, date: () => number): ReadToken {
  const readJwt = jwtReader(keys, config)
  return async (token) => (isJwt(token) ? readJwt(token, date()) : readToken(keys, token, date()))
}
