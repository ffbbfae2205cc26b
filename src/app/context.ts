import { randomBytes } from 'node:crypto'
import type { Logger } from 'pino'
import type { Config } from '../config/index.ts'
import { Throttle } from '../core/auth/attempt-throttle.ts'
import { type DutyIntervals, defaultDutyIntervals } from '../core/cluster/node-duties.ts'
import { NodeLifecycle } from '../core/cluster/node-lifecycle.ts'
import type { Store } from '../core/ports/store.ts'
import { createLog } from '../observability/log.ts'
import { createMetrics, type Metrics } from '../observability/metrics.ts'
import { RefusalLog } from '../observability/refusal-log.ts'
import { version } from '../version.ts'

/** Parts that a test passes to a node, in place of the node's own. */
export type Replacements = { log?: Logger; store?: Store; intervals?: DutyIntervals; throttle?: Throttle }

/** The objects that all parts of a node share. */
export type NodeContext = {
  config: Config
  /** The name of this process in the cluster: NODE_ID and a random suffix. */
  node: string
  log: Logger
  metrics: Metrics
  refusals: RefusalLog
  lifecycle: NodeLifecycle
  throttle: Throttle
  intervals: DutyIntervals
}

export function createContext(config: Config, replacements: Replacements): NodeContext {
  const log = replacements.log ?? createLog(config.logLevel, config.nodeId)
  const metrics = createMetrics(config.nodeId, version)
  metrics.clientsLimit.set(config.maxConnections)
  return {
    config,
    // a restarted process is another node, also under the same NODE_ID, because it has no connections of the old one
    node: `${config.nodeId}.${randomBytes(4).toString('hex')}`,
    log,
    metrics,
    refusals: new RefusalLog(metrics, log),
    lifecycle: new NodeLifecycle(),
    throttle: replacements.throttle ?? new Throttle(),
    intervals: replacements.intervals ?? defaultDutyIntervals,
  }
}

/** Logs warnings about the configuration. */
export function warnOfConfig({ config, log }: NodeContext): void {
  for (const warning of config.warnings) log.warn(warning)
  if (config.managementKeys.length === 0) log.info('the management API is off, because MANAGEMENT_KEYS is not set')
  const { servers, turn } = config.ice
  if (servers.length === 0 && !turn)
    log.info('clients receive no ICE servers, because neither ICE_SERVERS nor TURN_URLS is set')
  if (!config.mauthReplayCheck) {
    log.warn(
      'MAUTH_REPLAY_CHECK is off: whoever records a signed header can use it again. Set it to `on` in production',
    )
  }
}
