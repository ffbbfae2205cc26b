import type { FastifyReply, FastifyRequest } from 'fastify'
import { ApiError } from './errors.ts'

/**
 * Counts a wrong key, token or ticket from an address, and resolves when the node may answer. Resolves to true if the answer was
 * delayed.
 */
export type DelayGuess = (address: string) => Promise<boolean>

/**
 * The error for a missing or wrong credential, whatever is wrong with it: `refusal`, or 429 after several wrong ones from the
 * address. Resolves later with every further one.
 */
export async function refusalAfterGuess(
  request: FastifyRequest,
  reply: FastifyReply,
  delayGuess: DelayGuess,
  refusal: ApiError,
): Promise<ApiError> {
  // a request without a credential is not a guess
  if (!request.headers.authorization || !(await delayGuess(request.ip))) return refusal
  reply.header('retry-after', '60')
  return new ApiError(429, 'unauthenticated', 'Too many wrong credentials from this address: wait a minute')
}
