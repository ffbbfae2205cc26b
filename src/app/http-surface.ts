import { credentialOwner } from '../core/auth/credential-owner.ts'
import { writeToken } from '../core/auth/tokens.ts'
import { Management } from '../core/management/management.ts'
import { ManagementQueries } from '../core/management/queries.ts'
import { networkOf } from '../core/network.ts'
import { moveClient } from '../gateway/drain.ts'
import { storePath } from '../gateway/proxy/node-survey.ts'
import { isFromNode, movePath } from '../gateway/proxy/tunnel.ts'
import type { Gateway } from '../gateway/server.ts'
import { httpApi } from '../http/api.ts'
import { demo } from '../http/demo.ts'
import { probes } from '../http/health.ts'
import { UsedHeaders } from '../http/management/used-headers.ts'
import { metricsRoute } from '../http/metrics.ts'
import { moveRoute } from '../http/move.ts'
import { redirectToPrefix } from '../http/prefix.ts'
import { storeRoute } from '../http/store.ts'
import { tokens, type WriteToken } from '../http/tokens.ts'
import { dialectNames } from '../protocol/dialect-names.ts'
import { version } from '../version.ts'
import type { NodeContext } from './context.ts'
import type { NodeCore } from './core.ts'
import type { CreatedGateway } from './gateway.ts'
import { setPresentGauges } from './gauges.ts'
import type { Listeners } from './listeners.ts'
import type { NodeStore } from './store.ts'
import { unreachable } from './store-health.ts'

export type HttpDeps = {
  context: NodeContext
  nodeStore: NodeStore
  core: NodeCore
  gateway: Gateway
  readToken: CreatedGateway['readToken']
  iceServers: CreatedGateway['iceServers']
  announce: (text: string) => void
}

/** Registers every HTTP route of a node. The result remembers signed headers of the management API. */
export function serveHttp(listeners: Listeners, deps: HttpDeps): UsedHeaders {
  serveOperators(listeners, deps)
  serveNodes(listeners, deps)
  serveDemo(listeners, deps)
  return serveApi(listeners, deps)
}

/** `/healthz`, `/readyz` and `/metrics`. */
function serveOperators({ http, ops }: Listeners, { context, nodeStore, core, gateway }: HttpDeps): void {
  const { health, store, cutOffDetector } = nodeStore
  probes(ops, {
    notReady: async () => {
      if (context.lifecycle.isEnding) return { reason: 'draining' }
      if (health.problem) return health.problem
      if (cutOffDetector.cutOffMs > 0) return unreachable('the lease of this node has expired')
      if (!http.server.listening) return { reason: 'starting' }
      return store.ping().then(() => health.problem, unreachable)
    },
  })
  metricsRoute(ops, context.metrics.registry, () => setPresentGauges(context, core, gateway, health))
}

/** The routes that other nodes of the cluster request. */
function serveNodes({ http }: Listeners, { context, nodeStore, core, gateway }: HttpDeps): void {
  const { keys } = context.config
  storeRoute(http, storePath, () => nodeStore.health.reachable)
  moveRoute(http, movePath, (move) => isFromNode(keys, move) && moveClient(gateway, move.sid, core.events.failed))
}

function serveDemo({ http }: Listeners, { context, nodeStore }: HttpDeps): void {
  const { config } = context
  if (!config.demo) return
  tokens(http, tokenWriter(context, nodeStore))
  demo(http, config.publicUrl)
  redirectToPrefix(http, config.publicUrl?.prefix ?? '')
}

/** The ICE servers, and the management API. */
function serveApi({ http }: Listeners, deps: HttpDeps): UsedHeaders {
  const { context, nodeStore, core, readToken, iceServers, announce } = deps
  const { config, throttle } = context
  const { store } = nodeStore
  const delayGuess = (address: string) => throttle.delayRefusal([`http ${networkOf(address)}`])
  const usedHeaders = new UsedHeaders((...use) => store.nonces.claim(...use))
  const date = () => store.clock.date()
  httpApi(http, {
    management: new Management(store, core.sessions),
    queries: new ManagementQueries(store),
    writeToken: tokenWriter(context, nodeStore),
    announce,
    userOf: credentialOwner({ keys: config.keys, store, readToken, dialectNames }),
    iceServers,
    delayGuess,
    authority: {
      keys: config.managementKeys,
      replayCheck: config.mauthReplayCheck,
      date,
      usedHeaders,
      delayGuess,
    },
    version,
  })
  return usedHeaders
}

/** Login tokens with the address that PUBLIC_URL names, or with the address that the request was sent to. */
function tokenWriter({ config }: NodeContext, { store }: NodeStore): WriteToken {
  return (claims, requested, closed = 0) => {
    const now = store.clock.date()
    const made = Math.max(now, closed + 1)
    const { host, secure } = config.publicUrl ?? requested
    return writeToken(config.keys, { ...claims, made }, { host, secure }, now + config.tokenTtl * 1000)
  }
}
