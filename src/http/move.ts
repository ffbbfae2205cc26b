import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox'
import type { FastifyInstance } from 'fastify'
import { Type } from 'typebox'
import { ApiError } from './errors.ts'

const MoveRequest = Type.Object({
  sid: Type.String({ maxLength: 128 }),
  signature: Type.String({ maxLength: 256 }),
})

/** Another node drains, and the WebSocket of a client of this node goes through it. `move`: false without such a client. */
export function moveRoute(
  app: FastifyInstance,
  path: string,
  move: (asked: { sid: string; signature: string }) => boolean,
): void {
  app
    .withTypeProvider<TypeBoxTypeProvider>()
    .post(path, { schema: { hide: true, body: MoveRequest } }, async ({ body }, reply) => {
      if (!move(body)) throw new ApiError(404, 'notFound', 'No such session')
      return reply.code(204).send()
    })
}
