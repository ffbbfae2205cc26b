import { randomBytes } from 'node:crypto'
import type { FastifyInstance } from 'fastify'
import { type Logger, pino } from 'pino'
import type { Server } from 'socket.io'
import type { Config } from './config.ts'
import { Feeds } from './core/feeds.ts'
import { defaultPace, Lease, type LeasePace } from './core/lease.ts'
import { Mesh } from './core/mesh.ts'
import type { Place, Who } from './core/ports/places.ts'
import type { Retention, State } from './core/ports/state.ts'
import { Sessions } from './core/sessions.ts'
import { readToken, writeToken } from './core/tokens.ts'
import { health } from './http/health.ts'
import { metrics as metricsRoute } from './http/metrics.ts'
import { createHttp } from './http/server.ts'
import { tokens } from './http/tokens.ts'
import { createMetrics, type Metrics } from './metrics.ts'
import { createMemoryState } from './state/memory/index.ts'
import { connect } from './state/redis/connection.ts'
import { createRedisState } from './state/redis/index.ts'
import { drain } from './transport/drain.ts'
import { clusterEphemeral, localEphemeral } from './transport/ephemeral.ts'
import { portalDialect } from './transport/portal/index.ts'
import { Transport } from './transport/server.ts'
import { version } from './version.ts'

/** What tests put in the place of the real thing. */
export type Parts = { log?: Logger; state?: State; pace?: LeasePace }

export type App = {
  http: FastifyInstance
  /** The same as `http` when OPS_PORT is 0. */
  ops: FastifyInstance
  io: Server
  state: State
  sessions: Sessions
  metrics: Metrics
  /** Takes the node's lease; resolves when the store is reachable. Call it before `http` listens. */
  begin: () => Promise<void>
  /** Moves every client to other nodes over DRAIN_SECONDS. */
  drain: () => Promise<void>
  /** Ends everything, in the reverse order of its making. May be called twice. */
  close: () => Promise<void>
}

/** How long a room remembers what was said: as long as a client may be away before anyone notices, and then its window. */
function retentionOf({ window, pingInterval, pingTimeout }: Config): Retention {
  return { window, log: Math.ceil(window + pingInterval + pingTimeout + 30), entries: 20_000, lease: 6 }
}

/** Builds a node. It listens to nothing and has no lease until it is told to. */
export function createApp(config: Config, parts: Parts = {}): App {
  const log = parts.log ?? pino({ level: config.logLevel, base: { node: config.nodeId } })
  // a process that was restarted under the same name is another node: what the old one held is not the new one's
  const node = `${config.nodeId}.${randomBytes(4).toString('hex')}`
  const metrics = createMetrics(config.nodeId, version)
  const retention = retentionOf(config)
  const observe = (operation: string, seconds: number) => metrics.redisSeconds.observe({ operation }, seconds)
  const state =
    parts.state ??
    (config.redis
      ? createRedisState(config.redis, config.redisPrefix, retention, observe)
      : createMemoryState(retention))

  const failed = (error: unknown) => log.warn({ err: error }, 'the state could not be reached')
  const pause = () => new Promise<void>((resolve) => setTimeout(resolve, 200))
  const feeds = new Feeds(state, node, pause, {
    replayed: (entries) => metrics.replayed.inc(entries),
    repaired: () => metrics.repaired.inc(),
    failed,
  })
  const left = (reason: string, { room, id }: Who) => {
    metrics.left.inc({ reason })
    log.info({ room, participant: id, reason }, 'left')
  }
  const sessions = new Sessions(
    state,
    feeds,
    { node, keys: config.keys, tokenTtl: config.tokenTtl, ticketTtl: config.ticketTtl, window: config.window },
    { left, failed, takenOver: (...taken) => takenOver(...taken) },
  )

  const http = createHttp({ logger: log, ...config })
  const ops = config.opsPort === 0 ? http : createHttp({ logger: log, ...config })
  const adapter = config.redis && {
    pub: connect(config.redis, 'adapter'),
    sub: connect(config.redis, 'adapter'),
    key: `${config.redisPrefix}:io`,
  }
  const gateServices = { sessions, metrics, log, maxMessageBytes: config.maxMessageBytes }
  const transport = new Transport(http.server, config, gateServices, adapter)
  const portal = portalDialect({
    sessions,
    state,
    media: new Mesh(state),
    readToken: (token, now) => readToken(config.keys, token, now),
  })
  transport.serve(portal)
  const ephemeral = adapter ? clusterEphemeral(adapter.pub, adapter.key) : localEphemeral(transport.io)
  const takenOver = (place: Place, here: boolean) => {
    log.info({ room: place.room, participant: place.id }, 'connection taken over')
    if (!here) ephemeral.closePlace(portal.namespace, place)
  }

  const nodeInfo = () => ({ id: node, url: config.nodeUrl, version, connections: transport.connections.size })
  const reachable = (yes: boolean) => metrics.redisUp.set(yes ? 1 : 0)
  const lease = new Lease(state, feeds, sessions, nodeInfo, { left, failed, reachable })

  health(ops, {
    notReady: async () => {
      if (transport.draining) return 'draining'
      if (!http.server.listening) return 'starting'
      return state.ping().then(
        () => undefined,
        () => 'Redis unreachable',
      )
    },
  })
  metricsRoute(ops, metrics.registry, () => measurePresent(metrics, transport, sessions, feeds))
  if (config.demo) {
    tokens(http, (claims, host, secure) =>
      writeToken(config.keys, claims, { host, secure }, Date.now() + config.tokenTtl * 1000),
    )
  }

  let closing: Promise<void> | undefined
  const close = async () => {
    metrics.draining.set(1)
    transport.draining = true
    await sessions.detachAll()
    await transport.io.close()
    await http.close()
    await ops.close()
    await lease.stop().catch(failed)
    await state.close()
    adapter?.pub.disconnect()
    adapter?.sub.disconnect()
  }
  return {
    http,
    ops,
    io: transport.io,
    state,
    sessions,
    metrics,
    begin: async () => {
      await lease.begin()
      lease.start(parts.pace ?? defaultPace)
    },
    drain: () => {
      metrics.draining.set(1)
      return drain(transport, config.drainSeconds)
    },
    close: () => {
      closing ??= close()
      return closing
    },
  }
}

function measurePresent(metrics: Metrics, transport: Transport, sessions: Sessions, feeds: Feeds): void {
  const { connections, participants, rooms } = metrics
  connections.reset()
  for (const { dialect, socket } of transport.connections) {
    connections.inc({ dialect: dialect.name, transport: socket.conn.transport.name })
  }
  participants.set({ state: 'connected' }, sessions.all.length)
  participants.set({ state: 'waiting' }, sessions.waiting.length)
  rooms.set(feeds.rooms.length)
}
