import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox'
import type { FastifyInstance } from 'fastify'
import type { IceServerEntry } from '../core/auth/turn-credentials.ts'
import { ErrorBody } from '../protocol/management.ts'
import { IceServers } from '../protocol/session.ts'
import { type DelayGuess, refusalAfterGuess } from './credential-guessing.ts'
import { ApiError } from './errors.ts'

export type IceServices = {
  /** The user of a login token or reconnection ticket; undefined if it is not valid. @throws unavailable */
  userOf: (credential: string) => Promise<string | undefined>
  iceServers: (user: string) => IceServerEntry[]
  delayGuess: DelayGuess
}

/** `GET /v1/ice-servers`, for clients. The request does not use up the login token. */
export function iceServers(app: FastifyInstance, { userOf, iceServers, delayGuess }: IceServices): void {
  const schema = {
    tags: ['clients'],
    summary:
      'Returns RTCIceServer[] with time-limited TURN credentials. The bearer is a login token or reconnection ticket',
    security: [{ participant: [] }],
    response: { 200: IceServers, '4xx': ErrorBody, '5xx': ErrorBody },
  }
  app.withTypeProvider<TypeBoxTypeProvider>().get('/v1/ice-servers', { schema }, async (request, reply) => {
    const [, credential] = /^Bearer (\S+)$/i.exec(request.headers.authorization ?? '') ?? []
    const user = credential === undefined ? undefined : await userOf(credential)
    if (user === undefined) {
      reply.header('www-authenticate', 'Bearer')
      const refusal = new ApiError(
        401,
        'unauthenticated',
        'The request needs a valid login token or reconnection ticket as bearer',
      )
      throw await refusalAfterGuess(request, reply, delayGuess, refusal)
    }
    reply.header('cache-control', 'no-store')
    return iceServers(user)
  })
}
