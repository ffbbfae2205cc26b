import type { Claims } from './tokens.ts'

/**
 * Reads a login token, whatever its form.
 * @throws bad_token (the detail says what cannot be read), token_signature, token_expired, unavailable
 */
export type ReadToken = (token: unknown) => Promise<Claims>
