import type { FastifyInstance } from 'fastify'
import type { Server } from 'socket.io'
import type { Config } from '../config/index.ts'
import type { Store } from '../core/ports/store.ts'
import type { Sessions } from '../core/session/sessions.ts'
import { drain } from '../gateway/drain.ts'
import type { Metrics } from '../observability/metrics.ts'
import { createClusterDuties } from './cluster.ts'
import { createContext, type Replacements, warnOfConfig } from './context.ts'
import { createCore } from './core.ts'
import { createGateway } from './gateway.ts'
import { serveHttp } from './http-surface.ts'
import { closeNode, type NodeParts, startNode } from './lifecycle.ts'
import { createListeners, limitListeners } from './listeners.ts'
import { openStore } from './store.ts'

export type { Replacements } from './context.ts'

export type App = {
  http: FastifyInstance
  /** The same as `http` when OPS_PORT is 0. */
  ops: FastifyInstance
  io: Server
  store: Store
  sessions: Sessions
  metrics: Metrics
  /**
   * Takes the node's lease; resolves when the store is reachable. Call it before `http` listens.
   * @throws UnsuitableStoreError when the store cannot serve this node
   */
  begin: () => Promise<void>
  /** Sends a text to every client of `/rooms`, on all nodes. It may be lost. */
  announce: (text: string) => void
  /** Moves all clients to other nodes within DRAIN_SECONDS. */
  drain: () => Promise<void>
  /** Closes all parts. May be called twice. */
  close: () => Promise<void>
}

/** Builds a node. It does not listen and has no lease before `begin`. */
export function createApp(config: Config, replacements: Replacements = {}): App {
  const context = createContext(config, replacements)
  const nodeStore = openStore(context, replacements.store)
  const core = createCore(context, nodeStore)
  const listeners = createListeners(context)
  const { http, ops } = listeners
  const createdGateway = createGateway(context, nodeStore, core, http)
  const { gateway, broadcast } = createdGateway
  const clusterDuties = createClusterDuties(context, nodeStore, core, gateway, http)
  warnOfConfig(context)
  const announce = (text: string) => broadcast.emit('/rooms', 'announcement', text)
  const usedHeaders = serveHttp(listeners, { context, nodeStore, core, announce, ...createdGateway })
  const httpConnections = limitListeners(listeners, config, gateway)

  const { sessions } = core
  const parts: NodeParts = {
    context,
    nodeStore,
    sessions,
    listeners,
    usedHeaders,
    httpConnections,
    ...createdGateway,
    ...clusterDuties,
  }
  let closed: Promise<void> | undefined
  return {
    http,
    ops,
    io: gateway.io,
    store: nodeStore.store,
    sessions,
    metrics: context.metrics,
    announce,
    begin: () => startNode(parts),
    drain: () => {
      context.lifecycle.advance('draining')
      return drain(gateway, config.drainSeconds)
    },
    close: () => {
      closed ??= closeNode(parts)
      return closed
    },
  }
}
