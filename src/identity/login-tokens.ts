import type { Keyring } from '../core/auth/keyring.ts'
import type { ReadToken } from '../core/auth/token-reader.ts'
import { isJwt, readToken } from '../core/auth/tokens.ts'
import { type JwtConfig, jwtReader } from './jwt.ts'

/**
 * Reads both forms of a login token (docs/protocol.md#login-tokens). A JWT contains dots, OWT's base64 does not.
 * @param date ms since the epoch on the store's clock, so that a token expires on all nodes at once
 */
export function loginTokens(keys: Keyring, config: JwtConfig, date: () => number): ReadToken {
  const readJwt = jwtReader(keys, config)
  return async (token) => (isJwt(token) ? readJwt(token, date()) : readToken(keys, token, date()))
}
