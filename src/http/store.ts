import type { FastifyInstance } from 'fastify'

/** Says whether this node reaches the store. Neighbours that are cut off from it ask before they close their clients. */
export function storeRoute(app: FastifyInstance, path: string, reachable: () => boolean): void {
  app.get(path, async () => ({ reachable: reachable() }))
}
