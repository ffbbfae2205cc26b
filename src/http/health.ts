import type { FastifyInstance } from 'fastify'

export type Health = {
  /** Why a load balancer should not send new clients to this node; undefined while it should. */
  notReady: () => Promise<{ reason: string; detail?: string } | undefined>
}

/**
 * `/healthz` answers 200 while the process runs, whatever Redis does: an outage of Redis must not restart every pod. `/readyz`
 * answers 200 while load balancers should send new clients to this node.
 */
export function probes(app: FastifyInstance, { notReady }: Health): void {
  app.get('/healthz', async () => ({ status: 'ok' }))
  app.get('/readyz', async (_request, reply) => {
    const problem = await notReady()
    if (problem === undefined) return { status: 'ready' }
    return reply.code(503).send({ status: 'not ready', ...problem })
  })
}
