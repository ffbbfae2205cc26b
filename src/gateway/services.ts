import type { Logger } from 'pino'
import type { Throttle } from '../core/auth/attempt-throttle.ts'
import type { NodeLifecycle } from '../core/cluster/node-lifecycle.ts'
import type { ClusterClock } from '../core/ports/clock.ts'
import type { Sessions } from '../core/session/sessions.ts'
import type { Metrics } from '../observability/metrics.ts'
import type { RefusalLog } from '../observability/refusal-log.ts'

/** The parts of the node that the gateway uses for every connection. */
export type GatewayServices = {
  sessions: Sessions
  metrics: Metrics
  refusals: RefusalLog
  log: Logger
  throttle: Throttle
  clock: ClusterClock
  lifecycle: NodeLifecycle
  maxMessageBytes: number
  messagesPerSecond: number
  messageBurst: number
}
