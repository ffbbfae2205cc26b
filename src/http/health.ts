import type { FastifyInstance } from 'fastify'

export type Health = {
  /** Why no new client should be sent here; undefined when all is well. */
  notReady: () => Promise<string | undefined>
}

/** `/healthz`: the process lives, and nothing more: Redis being away must not restart every pod. `/readyz`: send clients here. */
export function health(app: FastifyInstance, { notReady }: Health): void {
  app.get('/healthz', async () => ({ status: 'ok' }))
  app.get('/readyz', async (_request, reply) => {
    const reason = await notReady()
    if (reason === undefined) return { status: 'ready' }
    return reply.code(503).send({ status: 'not ready', reason })
  })
}
