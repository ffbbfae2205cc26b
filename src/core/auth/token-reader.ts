import type { Claims } from './tokens.ts'

/**
 * Reads a login token of any form: this cluster's own, or a JWT.
 * @throws bad_token (the detail says what cannot be read), token_signature, token_expired, unavailable
 */
export type ReadToken = (token: unknown) => Promise<Claims>
