import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox'
import type { FastifyInstance } from 'fastify'
import { Type } from 'typebox'
import { ApiError } from './errors.ts'

const MoveRequest = Type.Object({
  sid: Type.String({ maxLength: 128 }),
  signature: Type.String({ maxLength: 256 }),
})

/**
 * A draining node requests here that this node move a client whose WebSocket the draining node forwards.
 * @param move returns false if the signature is wrong or the node has no such connection
 */
export function moveRoute(
  app: FastifyInstance,
  path: string,
  move: (request: { sid: string; signature: string }) => boolean,
): void {
  app
    .withTypeProvider<TypeBoxTypeProvider>()
    .post(path, { schema: { hide: true, body: MoveRequest } }, async ({ body }, reply) => {
      if (!move(body)) throw new ApiError(404, 'notFound', 'No such session')
      return reply.code(204).send()
    })
}
