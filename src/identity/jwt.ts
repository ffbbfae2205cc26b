import { createHash } from 'node:crypto'
import { createRemoteJWKSet, errors, type JWTPayload, jwtVerify } from 'jose'
import type { Keyring } from '../core/auth/keyring.ts'
import { type Claims, maxTokenLifeSeconds } from '../core/auth/tokens.ts'
import { type ErrorCode, SignalError } from '../core/errors.ts'
import { isName, isRole } from '../core/names.ts'

export type JwtConfig = {
  /** The address of another issuer's public keys. If it is unset, only tokens signed with this cluster's secret are valid. */
  jwksUrl?: string
  audience?: string
  issuer?: string
}

type Verify = (token: string, now: number) => Promise<JWTPayload>

/** The tolerated difference between the clocks of an issuer and of this cluster. */
const clockToleranceSeconds = 5

/**
 * Reads login tokens that a backend signs itself: a JWT (RFC 7519) with `room`, `sub`, `role`, `exp`, and optionally `nbf`, `iat`
 * and `jti`. The algorithm selects the keys, never the other way round: HS256 is verified with the cluster's secrets only, RS256,
 * ES256 and EdDSA with the public keys only. Every other algorithm is refused, `none` too (RFC 8725, 3.1).
 * @throws bad_token, token_signature, token_expired, unavailable (the public keys could not be fetched)
 */
export function jwtReader(keys: Keyring, config: JwtConfig): (token: string, now: number) => Promise<Claims> {
  const verify: { [algorithm: string]: Verify } = { HS256: withSecrets(keys, config), ...withPublicKeys(config) }
  return async (token, now) => {
    const { alg } = headerOf(token)
    const check = typeof alg === 'string' && Object.hasOwn(verify, alg) ? verify[alg] : undefined
    if (!check) throw new SignalError('token_signature')
    const payload = await check(token, now).catch((error: unknown) => {
      throw refusalOf(error)
    })
    return claimsOf(payload, token, now)
  }
}

function withSecrets(keys: Keyring, config: JwtConfig): Verify {
  const secrets = keys.map((key) => new TextEncoder().encode(key))
  return async (token, now) => {
    const options = { ...optionsOf(config, now), algorithms: ['HS256'] }
    const attempts = await Promise.allSettled(secrets.map((secret) => jwtVerify(token, secret, options)))
    const verified = attempts.find((attempt) => attempt.status === 'fulfilled')
    if (verified) return verified.value.payload
    const reasons = attempts.flatMap((attempt) => (attempt.status === 'rejected' ? [attempt.reason] : []))
    // the error of the key that signed the token says more than those of the others
    throw reasons.find((reason) => !(reason instanceof errors.JWSSignatureVerificationFailed)) ?? reasons[0]
  }
}

function withPublicKeys(config: JwtConfig): { [algorithm: string]: Verify } {
  if (config.jwksUrl === undefined) return {}
  const keySet = createRemoteJWKSet(new URL(config.jwksUrl), { timeoutDuration: 4000 })
  const verifyWith =
    (...algorithms: string[]): Verify =>
    async (token, now) =>
      (await jwtVerify(token, keySet, { ...optionsOf(config, now), algorithms })).payload
  return { RS256: verifyWith('RS256'), ES256: verifyWith('ES256'), EdDSA: verifyWith('EdDSA', 'Ed25519') }
}

function optionsOf({ audience, issuer }: JwtConfig, now: number) {
  return {
    currentDate: new Date(now),
    clockTolerance: clockToleranceSeconds,
    requiredClaims: ['exp'],
    ...(audience === undefined ? {} : { audience }),
    ...(issuer === undefined ? {} : { issuer }),
  }
}

function headerOf(token: string): { alg?: unknown } {
  try {
    const header: unknown = JSON.parse(Buffer.from(token.split('.')[0] ?? '', 'base64url').toString())
    if (typeof header === 'object' && header !== null) return header
  } catch {
    // not JSON: refused below
  }
  throw new SignalError('bad_token', 'Invalid token header')
}

/** The refusal that the client receives. It names a wrong claim, and nothing about keys. */
function refusalOf(error: unknown): SignalError {
  const refuse = (code: ErrorCode, detail = '') => new SignalError(code, detail, { cause: error })
  if (error instanceof errors.JWTExpired) return refuse('token_expired')
  if (error instanceof errors.JWTClaimValidationFailed) return refuse('bad_token', `Invalid token: ${error.claim}`)
  if (error instanceof errors.JWTInvalid) return refuse('bad_token', 'Invalid token')
  const signatureErrors = [
    errors.JWSSignatureVerificationFailed,
    errors.JOSEAlgNotAllowed,
    errors.JOSENotSupported,
    errors.JWSInvalid,
    errors.JWKSNoMatchingKey,
    errors.JWKSMultipleMatchingKeys,
  ]
  if (signatureErrors.some((kind) => error instanceof kind)) return refuse('token_signature')
  return refuse('unavailable')
}

function claimsOf(payload: JWTPayload, token: string, now: number): Claims {
  const { exp = 0, iat, jti } = payload
  if (exp * 1000 > now + maxTokenLifeSeconds * 1000) throw new SignalError('bad_token', 'Invalid token: exp')
  if (jti !== undefined && (typeof jti !== 'string' || jti === '')) {
    throw new SignalError('bad_token', 'Invalid token: jti')
  }
  // a token without `jti` is identified by its signed part, because a signature can be written in more than one way
  const identity = jti === undefined ? token.slice(0, token.lastIndexOf('.')) : JSON.stringify([payload.iss ?? '', jti])
  return {
    tokenId: `jwt-${createHash('sha256').update(identity).digest('hex')}`,
    room: textOf(payload, 'room', isName),
    user: textOf(payload, 'sub', isName),
    role: textOf(payload, 'role', isRole),
    notAfter: exp * 1000,
    made: madeAt(iat, now),
  }
}

/**
 * When the token was signed, ms, as late as the clocks allow. 0 without `iat`, or with an `iat` in the future (an issuer may write
 * ms instead of s): such a token is refused in every room that was deleted in the last day. `nbf` does not help, because it may be
 * later than the deletion.
 */
function madeAt(iat: number | undefined, now: number): number {
  return iat === undefined || iat * 1000 > now + clockToleranceSeconds * 1000 ? 0 : (iat + clockToleranceSeconds) * 1000
}

function textOf(payload: JWTPayload, name: string, isGood: (text: string) => boolean): string {
  const value = payload[name]
  if (typeof value !== 'string' || !isGood(value)) throw new SignalError('bad_token', `Invalid token: ${name}`)
  return value
}
