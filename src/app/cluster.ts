import type { FastifyInstance } from 'fastify'
import { inBackground } from '../core/background.ts'
import { NodeDuties } from '../core/cluster/node-duties.ts'
import { Evacuation } from '../gateway/evacuation.ts'
import { NodeSurvey } from '../gateway/proxy/node-survey.ts'
import type { Gateway } from '../gateway/server.ts'
import { version } from '../version.ts'
import type { NodeContext } from './context.ts'
import type { NodeCore } from './core.ts'
import { nodeUrlOf } from './listeners.ts'
import type { NodeStore } from './store.ts'

export type ClusterDuties = { nodeDuties: NodeDuties; survey: NodeSurvey; evacuation: Evacuation }

/** What a node does as a member of a cluster: its lease, and what it does when the store cannot be reached. Starts nothing. */
export function createClusterDuties(
  context: NodeContext,
  nodeStore: NodeStore,
  core: NodeCore,
  gateway: Gateway,
  http: FastifyInstance,
): ClusterDuties {
  const { config, node, lifecycle, refusals, log } = context
  const { failed } = core.events
  const { store } = nodeStore
  const nodeDuties = createNodeDuties(nodeStore, core, () => ({
    id: node,
    url: nodeUrlOf(config, http),
    version,
    connections: gateway.connections.size,
  }))
  const survey = new NodeSurvey(node, { nodes: () => store.nodes.list(), failed })
  const evacuation = new Evacuation(gateway, {
    cutOffMs: () => nodeStore.cutOffDetector.cutOffMs,
    allCutOff: () => survey.allCutOff(),
    window: config.window,
    refusals,
    failed,
    log,
  })
  http.server.once('listening', () => {
    lifecycle.advance('ready')
    // registers the port that the system chose
    if (config.port === 0) inBackground(() => nodeDuties.heartbeat(), failed)
  })
  return { nodeDuties, survey, evacuation }
}

function createNodeDuties(
  { store, health, cutOffDetector }: NodeStore,
  { events, feeds, sessions }: NodeCore,
  describe: ConstructorParameters<typeof NodeDuties>[3],
): NodeDuties {
  const { failed, givenUp, leapt } = events
  return new NodeDuties(store, feeds, sessions, describe, {
    failed,
    givenUp,
    leapt,
    heartbeat: health.heartbeat,
    extended: (sentAt) => cutOffDetector.extended(sentAt),
  })
}
