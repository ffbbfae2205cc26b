import type { Config } from '../config/index.ts'
import { CutOffDetector } from '../core/cluster/cut-off-detector.ts'
import { leaseSeconds } from '../core/cluster/node-duties.ts'
import type { Store, StoreLimits } from '../core/ports/store.ts'
import type { AdapterConnections } from '../gateway/server.ts'
import { createMemoryStore } from '../state/memory/index.ts'
import { AdapterLane } from '../state/redis/adapter-lane.ts'
import { createRedisStore } from '../state/redis/index.ts'
import type { Observe } from '../state/redis/scripts.ts'
import type { NodeContext } from './context.ts'
import { StoreHealth } from './store-health.ts'

/** How much later than the interval and the timeout of pings a node may notice that a client is disconnected. */
const detectionMarginSeconds = 30

export type NodeStore = {
  store: Store
  health: StoreHealth
  cutOffDetector: CutOffDetector
  /** The connections of the Socket.IO adapter. Undefined on a node without Redis. */
  adapterLane: AdapterLane | undefined
  cluster: AdapterConnections | undefined
}

/** Opens the store that the configuration names. It connects in the background. */
export function openStore(context: NodeContext, given?: Store): NodeStore {
  const { config } = context
  const health = new StoreHealth(context.log)
  const cutOffDetector = new CutOffDetector(leaseSeconds * 1000)
  const store = given ?? createStore(context, health, cutOffDetector)
  const adapterLane = config.redis && new AdapterLane(config.redis, health.report)
  health.watch(() => store.problem())
  health.watch(() => adapterLane?.problem)
  const cluster = adapterLane && {
    pub: adapterLane.pub,
    sub: adapterLane.sub,
    key: `${config.redisPrefix}:io`,
    nodes: () => store.nodes.list(),
  }
  return { store, health, cutOffDetector, adapterLane, cluster }
}

function createStore({ config, metrics }: NodeContext, health: StoreHealth, cutOffDetector: CutOffDetector): Store {
  const limits = storeLimitsOf(config)
  if (!config.redis) return createMemoryStore(limits)
  const observe: Observe = (operation, seconds, failed, fromLeaseServer) => {
    metrics.redisSeconds.observe({ operation }, seconds)
    metrics.redisFailures.inc({ operation }, failed ? 1 : 0)
    if (failed) return
    cutOffDetector.answered(fromLeaseServer)
    health.answered(fromLeaseServer)
  }
  return createRedisStore(config.redis, config.redisPrefix, limits, observe, health.report)
}

/** A room keeps its log for the time in which a node notices that a client is disconnected, and for the reconnect window after that. */
function storeLimitsOf({ window, pingInterval, pingTimeout, roomLogEntries }: Config): StoreLimits {
  return {
    window,
    log: Math.ceil(window + pingInterval + pingTimeout + detectionMarginSeconds),
    entries: roomLogEntries,
    lease: leaseSeconds,
  }
}
