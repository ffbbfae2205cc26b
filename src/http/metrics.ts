import type { FastifyInstance } from 'fastify'
import type { Registry } from 'prom-client'

/** `/metrics` in Prometheus' text format. `measure` fills in the gauges that say how things are now. */
export function metrics(app: FastifyInstance, registry: Registry, measure: () => void): void {
  app.get('/metrics', async (_request, reply) => {
    measure()
    return reply.type(registry.contentType).send(await registry.metrics())
  })
}
