import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox'
import type { FastifyInstance } from 'fastify'
import { Type } from 'typebox'
import { maxNameCharacters } from '../core/names.ts'
import { Name, RoleName } from '../protocol/names.ts'
import { type ClientTarget, targetOf } from './client-target.ts'

const TokenRequest = Type.Object({
  // the sample pages send an empty name if their address has no `?room=`
  room: Type.Optional(Type.Union([Type.Literal(''), Name(maxNameCharacters)])),
  user: Type.Optional(Name(maxNameCharacters)),
  role: Type.Optional(RoleName),
})

/**
 * Writes a login token.
 * @param target the address in the token
 * @param closed when the room was closed, ms by the store's clock: the token counts as made after that
 */
export type WriteToken = (
  claims: { room: string; user: string; role: string },
  target: ClientTarget,
  closed?: number,
) => string

/**
 * `POST /tokens/`, as the app server of OWT's sample pages has it (docs/owt.md#sample-pages). It needs no credential, so it is for
 * development only.
 */
export function tokens(app: FastifyInstance, writeToken: WriteToken): void {
  app
    .withTypeProvider<TypeBoxTypeProvider>()
    .post('/tokens', { schema: { body: TokenRequest } }, async (request, reply) => {
      const { room, user = 'user', role = 'presenter' } = request.body
      const token = writeToken({ room: room || 'sampleRoom', user, role }, targetOf(request))
      return reply.type('text/plain').send(token)
    })
}
