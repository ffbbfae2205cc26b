import type { FastifyReply, FastifyRequest } from 'fastify'
import { ApiError } from './errors.ts'

/**
 * Notes that somebody at an address showed a key, token or ticket that is none; resolves when that may be told.
 * True: it was held back.
 */
export type HoldBack = (address: string) => Promise<boolean>

/** What one is told whose credential is none, however it is wrong: the refusal, or, after some, a later one that says to stop. */
export async function refusalOfGuess(
  request: FastifyRequest,
  reply: FastifyReply,
  holdBack: HoldBack,
  refusal: ApiError,
): Promise<ApiError> {
  // who shows nothing guesses nothing
  if (!request.headers.authorization || !(await holdBack(request.ip))) return refusal
  reply.header('retry-after', '60')
  return new ApiError(429, 'unauthenticated', 'Too many wrong credentials from this address: wait a minute')
}
