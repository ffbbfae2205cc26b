import type { FastifyInstance } from 'fastify'

/** Answers whether this node reaches the store. Other nodes that do not reach it ask before they close their clients. */
export function storeRoute(app: FastifyInstance, path: string, reachable: () => boolean): void {
  app.get(path, async () => ({ reachable: reachable() }))
}
