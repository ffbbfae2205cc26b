import type { FastifyInstance } from 'fastify'

export type Health = {
  /** Why a load balancer should send no new client here; undefined while it should. */
  notReady: () => Promise<{ reason: string; detail?: string } | undefined>
}

/** `/healthz`: the process lives, and nothing more: Redis being away must not restart every pod. `/readyz`: send clients here. */
export function probes(app: FastifyInstance, { notReady }: Health): void {
  app.get('/healthz', async () => ({ status: 'ok' }))
  app.get('/readyz', async (_request, reply) => {
    const why = await notReady()
    if (why === undefined) return { status: 'ready' }
    return reply.code(503).send({ status: 'not ready', ...why })
  })
}
