import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox'
import type { FastifyInstance } from 'fastify'
import type { IceServerEntry } from '../core/auth/turn-credentials.ts'
import { ErrorBody } from '../protocol/management.ts'
import { IceServers } from '../protocol/session.ts'
import { type HoldBack, refusalOfGuess } from './credential-guessing.ts'
import { ApiError } from './errors.ts'

export type IceServices = {
  /** Who has a login token or a reconnection ticket that is good; undefined: nobody. @throws unavailable */
  userOf: (credential: string) => Promise<string | undefined>
  iceServers: (user: string) => IceServerEntry[]
  holdBack: HoldBack
}

/** `GET /v1/ice-servers`: for clients, so it takes what they have; a login token is not used up by it. */
export function iceServers(app: FastifyInstance, { userOf, iceServers, holdBack }: IceServices): void {
  const schema = {
    tags: ['clients'],
    summary:
      'RTCIceServer[], with time-limited TURN credentials, for the bearer of a login token or reconnection ticket',
    security: [{ participant: [] }],
    response: { 200: IceServers, '4xx': ErrorBody, '5xx': ErrorBody },
  }
  app.withTypeProvider<TypeBoxTypeProvider>().get('/v1/ice-servers', { schema }, async (request, reply) => {
    const [, credential] = /^Bearer (\S+)$/i.exec(request.headers.authorization ?? '') ?? []
    const user = credential === undefined ? undefined : await userOf(credential)
    if (user === undefined) {
      reply.header('www-authenticate', 'Bearer')
      const refusal = new ApiError(401, 'unauthenticated', 'A login token or reconnection ticket is needed')
      throw await refusalOfGuess(request, reply, holdBack, refusal)
    }
    reply.header('cache-control', 'no-store')
    return iceServers(user)
  })
}
