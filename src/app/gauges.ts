import type { Gateway } from '../gateway/server.ts'
import type { NodeContext } from './context.ts'
import type { NodeCore } from './core.ts'
import type { StoreHealth } from './store-health.ts'

/** Sets the gauges of the present state. Called when Prometheus scrapes. */
export function setPresentGauges(
  { metrics, lifecycle }: NodeContext,
  { sessions, feeds }: NodeCore,
  gateway: Gateway,
  health: StoreHealth,
): void {
  metrics.redisUp.set(health.problem ? 0 : 1)
  metrics.draining.set(lifecycle.isEnding ? 1 : 0)
  metrics.connections.reset()
  for (const { dialect, socket } of gateway.connections) {
    metrics.connections.inc({ dialect: dialect.name, transport: socket.conn.transport.name })
  }
  metrics.clients.set(gateway.clientCount)
  for (const [transport, open] of Object.entries(gateway.forwardedCounts)) metrics.forwarding.set({ transport }, open)
  metrics.participants.set({ state: 'connected' }, sessions.all.length)
  metrics.participants.set({ state: 'waiting' }, sessions.disconnections.waiting.length)
  metrics.rooms.set(feeds.rooms.length)
  metrics.roomsBehind.set(feeds.behind)
}
