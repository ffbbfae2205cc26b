import type { FastifyInstance } from 'fastify'
import type { Registry } from 'prom-client'

/** `/metrics` in Prometheus' text format. `measure` sets the gauges of the present state. */
export function metricsRoute(app: FastifyInstance, registry: Registry, measure: () => void): void {
  app.get('/metrics', async (_request, reply) => {
    measure()
    return reply.type(registry.contentType).send(await registry.metrics())
  })
}
