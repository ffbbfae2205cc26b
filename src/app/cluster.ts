import type { FastifyInstance } from 'fastify'
import { inBackground } from '../core/background.ts'
import { NodeLease } from '../core/cluster/node-lease.ts'
import { Evacuation } from '../gateway/evacuation.ts'
import { NodeSurvey } from '../gateway/proxy/node-survey.ts'
import type { Gateway } from '../gateway/server.ts'
import { version } from '../version.ts'
import type { NodeContext } from './context.ts'
import type { NodeCore } from './core.ts'
import { nodeUrlOf } from './listeners.ts'
import type { NodeStore } from './store.ts'

export type ClusterDuties = { lease: NodeLease; survey: NodeSurvey; evacuation: Evacuation }

/** What a node does as a member of a cluster: its lease, and what it does when the store cannot be reached. Starts nothing. */
export function createClusterDuties(
  context: NodeContext,
  store: NodeStore,
  core: NodeCore,
  gateway: Gateway,
  http: FastifyInstance,
): ClusterDuties {
  const { config, node, lifecycle, refusals, log } = context
  const { failed } = core.events
  const { state } = store
  const lease = createLease(store, core, () => ({
    id: node,
    url: nodeUrlOf(config, http),
    version,
    connections: gateway.connections.size,
  }))
  const survey = new NodeSurvey(node, { nodes: () => state.nodes.list(), failed })
  const evacuation = new Evacuation(gateway, {
    cutOffMs: () => store.isolation.ms,
    allCutOff: () => survey.allCutOff(),
    window: config.window,
    refusals,
    failed,
    log,
  })
  http.server.once('listening', () => {
    lifecycle.advance('ready')
    // registers the port that the system chose
    if (config.port === 0) inBackground(() => lease.heartbeat(), failed)
  })
  return { lease, survey, evacuation }
}

function createLease(
  { state, health, isolation }: NodeStore,
  { events, feeds, sessions }: NodeCore,
  describe: ConstructorParameters<typeof NodeLease>[3],
): NodeLease {
  const { failed, givenUp, leapt } = events
  return new NodeLease(state, feeds, sessions, describe, {
    failed,
    givenUp,
    leapt,
    heartbeat: health.heartbeat,
    extended: (sentAt) => isolation.extended(sentAt),
  })
}
