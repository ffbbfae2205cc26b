import { randomBytes } from 'node:crypto'
import type { FastifyInstance } from 'fastify'
import type { Logger } from 'pino'
import type { Server } from 'socket.io'
import type { Config } from '../config/index.ts'
import { Throttle } from '../core/auth/attempt-throttle.ts'
import { bearerOf } from '../core/auth/credential-owner.ts'
import { writeToken } from '../core/auth/tokens.ts'
import { iceServersFor } from '../core/auth/turn-credentials.ts'
import { inBackground } from '../core/background.ts'
import { Isolation } from '../core/cluster/isolation.ts'
import { defaultLeaseIntervals, type LeaseIntervals, leaseSeconds, NodeLease } from '../core/cluster/node-lease.ts'
import { Management } from '../core/management/management.ts'
import { ManagementQueries } from '../core/management/queries.ts'
import { MeshBackend } from '../core/media/mesh.ts'
import { Messages } from '../core/messages.ts'
import { dialectOf, type RoomId } from '../core/model.ts'
import { networkOf } from '../core/network.ts'
import type { ParticipantRef, SessionRef } from '../core/ports/session-store.ts'
import type { Retention, State } from '../core/ports/state.ts'
import { Feeds } from '../core/room/feeds.ts'
import { OpenRooms } from '../core/room/open-rooms.ts'
import { RoomList } from '../core/room/room-list.ts'
import { Sessions } from '../core/session/sessions.ts'
import { dialectsOf } from '../dialects/index.ts'
import { roomChangeOf } from '../dialects/rooms/room.ts'
import { clusterBroadcast, localBroadcast } from '../gateway/broadcast.ts'
import { drain, moveClient } from '../gateway/drain.ts'
import { Evacuation } from '../gateway/evacuation.ts'
import { NodeSurvey, storePath } from '../gateway/proxy/node-survey.ts'
import { isFromNode, movePath } from '../gateway/proxy/tunnel.ts'
import { Gateway } from '../gateway/server.ts'
import { httpApi } from '../http/api.ts'
import { HttpConnections } from '../http/connections.ts'
import { demo } from '../http/demo.ts'
import { probes } from '../http/health.ts'
import { UsedHeaders } from '../http/management/used-headers.ts'
import { metrics as metricsRoute } from '../http/metrics.ts'
import { moveRoute } from '../http/move.ts'
import { redirectToPrefix, servePrefix } from '../http/prefix.ts'
import { countBodies } from '../http/request-bodies.ts'
import { createHttp, type HttpOptions } from '../http/server.ts'
import { storeRoute } from '../http/store.ts'
import { tokens, type WriteToken } from '../http/tokens.ts'
import { loginTokens } from '../identity/login-tokens.ts'
import { createLog } from '../observability/log.ts'
import { createMetrics, type Metrics } from '../observability/metrics.ts'
import { RefusalLog } from '../observability/refusal-log.ts'
import { createMemoryState } from '../state/memory/index.ts'
import { AdapterLane } from '../state/redis/adapter-lane.ts'
import { createRedisState } from '../state/redis/index.ts'
import type { Observe } from '../state/redis/scripts.ts'
import { version } from '../version.ts'
import { endEach } from './shutdown.ts'
import { StoreHealth, unreachable } from './store-health.ts'

/** What tests put in the place of the real thing. */
export type Parts = { log?: Logger; state?: State; intervals?: LeaseIntervals; throttle?: Throttle }

export type App = {
  http: FastifyInstance
  /** The same as `http` when OPS_PORT is 0. */
  ops: FastifyInstance
  io: Server
  state: State
  sessions: Sessions
  metrics: Metrics
  /**
   * Takes the node's lease; resolves when the store is reachable. Call it before `http` listens.
   * @throws UnsuitableStoreError when the store cannot serve this node
   */
  begin: () => Promise<void>
  /** Tells everyone on `/rooms`, on all nodes. May be lost. */
  announce: (text: string) => void
  /** Moves every client to other nodes over DRAIN_SECONDS. */
  drain: () => Promise<void>
  /** Ends everything, in the reverse order of its making. May be called twice. */
  close: () => Promise<void>
}

/** How long a room remembers what was said: as long as a client may be away before anyone notices, and then its window. */
function retentionOf({ window, pingInterval, pingTimeout, roomLogEntries }: Config): Retention {
  return {
    window,
    log: Math.ceil(window + pingInterval + pingTimeout + 30),
    entries: roomLogEntries,
    lease: leaseSeconds,
  }
}

/**
 * For how long closing waits at most, ms: less in all than the 15 s after which src/main.ts ends the process by force. A
 * client that does not read, or a request that is not sent to its end, is cut after `requests`.
 */
const closeMs = { sessions: 5000, requests: 2000, connections: 3000, lease: 5000, state: 1000 }

/** Builds a node. It listens to nothing and has no lease until it is told to. */
export function createApp(config: Config, parts: Parts = {}): App {
  const log = parts.log ?? createLog(config.logLevel, config.nodeId)
  // a process that was restarted under the same name is another node: what the old one held is not the new one's
  const node = `${config.nodeId}.${randomBytes(4).toString('hex')}`
  const metrics = createMetrics(config.nodeId, version)
  metrics.clientsLimit.set(config.maxConnections)
  const retention = retentionOf(config)
  const health = new StoreHealth(log)
  const isolation = new Isolation(retention.lease * 1000)
  const observe: Observe = (operation, seconds, failed, byLeases) => {
    metrics.redisSeconds.observe({ operation }, seconds)
    metrics.redisFailures.inc({ operation }, failed ? 1 : 0)
    if (failed) return
    isolation.answered(byLeases)
    health.answered(byLeases)
  }
  const state =
    parts.state ??
    (config.redis
      ? createRedisState(config.redis, config.redisPrefix, retention, observe, health.report)
      : createMemoryState(retention))

  health.watch(() => state.problem())
  const { failed } = health
  const pause = () => new Promise<void>((resolve) => setTimeout(resolve, 200))
  const feeds = new Feeds(state, node, pause, {
    replayed: (entries) => metrics.replayed.inc(entries),
    repaired: () => metrics.repaired.inc(),
    failed,
  })
  const left = (reason: string, { room, id }: ParticipantRef) => {
    metrics.left.inc({ reason })
    log.info({ room, participant: id, reason }, 'left')
  }
  const givenUp = ({ room, id }: ParticipantRef, error: unknown) => {
    const about = { room, participant: id, err: error }
    log.error(about, 'the record of a participant in Redis is broken: its client was cut, and has to log in anew')
    refusals.note('broken_record', { room, participant: id }, 'participant given up')
  }
  const sessions = new Sessions(
    state,
    feeds,
    { ...config, node },
    {
      left,
      failed,
      givenUp,
      incomplete: () => metrics.incomplete.inc(),
      occupancyChanged: (room) => occupancyChanged(room),
      takenOver: (...taken) => takenOver(...taken),
    },
  )

  const refusals = new RefusalLog(metrics, log)
  const refused: HttpOptions['refused'] = (reason, about, fault) =>
    refusals.note(reason, about, fault ? 'HTTP request failed' : 'HTTP request refused', fault)
  const http = createHttp({ logger: log, refused, ...config })
  const ops = config.opsPort === 0 ? http : createHttp({ logger: log, refused, ...config })
  const lane = config.redis && new AdapterLane(config.redis, health.report)
  health.watch(() => lane?.problem)
  const cluster = lane && {
    ...{ pub: lane.pub, sub: lane.sub },
    key: `${config.redisPrefix}:io`,
    nodes: () => state.oversight.nodes(),
  }
  const throttle = parts.throttle ?? new Throttle()
  const gatewayServices = { ...config, sessions, metrics, refusals, log, throttle, clock: state.clock }
  const transport = new Gateway(http.server, { ...config, node }, gatewayServices, cluster)
  const readToken = loginTokens(config.keys, config.jwt, () => state.clock.date())
  const iceServers = (user: string) => iceServersFor(config.ice, user, state.clock.date())
  const broadcast = cluster ? clusterBroadcast(cluster.pub, cluster.key) : localBroadcast(transport.io)
  const openRooms = new OpenRooms(state.openRoomIndex, 'rooms', {
    tell: (rooms) => broadcast.tell('/rooms', 'room_change', ...roomChangeOf(rooms)),
    failed,
  })
  const roomList = new RoomList(state.rooms, failed)
  const occupancyChanged = (room: RoomId) => {
    roomList.changed(room)
    inBackground(() => openRooms.changed(room), failed)
  }
  const dialects = dialectsOf({
    sessions,
    messages: new Messages(state),
    media: new MeshBackend(state),
    openRooms,
    readToken,
    iceServers,
    anonymousDialects: config.anonymousDialects,
  })
  for (const dialect of Object.values(dialects)) transport.serve(dialect)
  const takenOver = (ref: SessionRef, here: boolean) => {
    log.info({ room: ref.room, participant: ref.id }, 'connection taken over')
    const dialect = dialects[dialectOf(ref.room)]
    if (dialect && !here) broadcast.closeConnection(dialect.namespace, ref, dialect.displacedEvent)
  }

  const ownUrl = () => withRealPort(config.nodeUrl, http.server.address())
  const nodeInfo = () => ({ id: node, url: ownUrl(), version, connections: transport.connections.size })
  const leapt = (room: RoomId, seq: number) => log.warn({ room, seq }, 'Redis may have lost what was said last')
  const lease = new NodeLease(state, feeds, sessions, nodeInfo, {
    left,
    failed,
    givenUp,
    occupancyChanged,
    heartbeat: health.beat,
    extended: (sentAt) => isolation.extended(sentAt),
    leapt,
  })
  const cutOffMs = () => isolation.ms
  const survey = new NodeSurvey(node, { nodes: () => state.oversight.nodes(), failed })
  const allCutOff = () => survey.allCutOff()
  const evacuation = new Evacuation(transport, { cutOffMs, allCutOff, window: config.window, refusals, failed, log })

  if (config.port === 0) http.server.once('listening', () => inBackground(() => lease.beat(), failed)) // and says which port

  probes(ops, {
    notReady: async () => {
      if (transport.draining) return { reason: 'draining' }
      if (health.problem) return health.problem
      if (!http.server.listening) return { reason: 'starting' }
      return state.ping().then(() => health.problem, unreachable)
    },
  })
  storeRoute(http, storePath, () => health.reachable)
  moveRoute(http, movePath, (move) => isFromNode(config.keys, move) && moveClient(transport, move.sid, failed))
  metricsRoute(ops, metrics.registry, () => {
    metrics.redisUp.set(health.problem ? 0 : 1)
    measurePresent(metrics, transport, sessions, feeds)
  })
  for (const warning of config.warnings) log.warn(warning)
  if (config.managementKeys.length === 0) log.info('MANAGEMENT_KEYS is not set: there is no management API')
  if (!config.mauthReplayCheck) log.warn('MAUTH_REPLAY_CHECK is off: whoever sees a signed header can use it again')
  const issueToken: WriteToken = (claims, asked, closed = 0) => {
    const now = state.clock.date()
    const made = Math.max(now, closed + 1)
    const { host, secure } = config.publicUrl ?? asked
    return writeToken(config.keys, { ...claims, made }, { host, secure }, now + config.tokenTtl * 1000)
  }
  const prefix = config.publicUrl?.prefix ?? ''
  if (config.demo) {
    tokens(http, issueToken)
    demo(http, config.publicUrl)
    redirectToPrefix(http, prefix)
  }
  const holdBack = (address: string) => throttle.hold([`http ${networkOf(address)}`])
  const used = new UsedHeaders((...use) => state.oversight.firstUse(...use))
  httpApi(http, {
    management: new Management(state, sessions),
    queries: new ManagementQueries(state),
    writeToken: issueToken,
    announce: (text) => transport.io.of('/rooms').emit('announcement', text),
    userOf: bearerOf(config.keys, state, readToken),
    iceServers,
    holdBack,
    authority: {
      keys: config.managementKeys,
      replayCheck: config.mauthReplayCheck,
      date: () => state.clock.date(),
      used,
      holdBack,
    },
    version,
  })

  const open = [...new Set([http, ops])].map(({ server }) => {
    countBodies(server, transport.memory, refused, transport.path)
    const max = server === http.server ? maxTcpConnections(config) : maxOpsConnections
    return new HttpConnections(server, max, refused)
  })
  servePrefix(http.server, prefix, transport.path)
  let closing: Promise<void> | undefined
  const close = async () => {
    metrics.draining.set(1)
    transport.refuseAll()
    evacuation.stop()
    survey.stop()
    openRooms.stop()
    used.stop()
    roomList.stop()
    const closeConnections = async () => {
      const cut = setTimeout(() => {
        for (const connections of open) connections.cut()
      }, closeMs.requests)
      await transport.close()
      await http.close()
      await ops.close()
      clearTimeout(cut)
    }
    await endEach(
      [
        { what: 'sessions', end: () => sessions.detachAll(), ms: closeMs.sessions },
        { what: 'connections', end: closeConnections, ms: closeMs.connections },
        { what: 'lease', end: () => lease.stop(), ms: closeMs.lease },
        { what: 'state', end: () => Promise.all([state.close(), lane?.close()]), ms: closeMs.state },
      ],
      (what, error) => log.warn({ err: error, what }, 'a part of the node did not end well'),
    )
  }
  return {
    http,
    ops,
    io: transport.io,
    state,
    sessions,
    metrics,
    begin: async () => {
      await state.suitable()
      await lease.begin()
      await state.handover.serve(node, (ref) => sessions.onTakeover(ref))
      await lane?.sub.settled()
      lease.start(parts.intervals ?? defaultLeaseIntervals)
      evacuation.start()
      if (config.redis) survey.start((parts.intervals ?? defaultLeaseIntervals).trackRoomsMs)
      openRooms.start()
      if (config.managementKeys.length > 0 && config.mauthReplayCheck) await used.watch()
    },
    announce: (text) => broadcast.tell('/rooms', 'announcement', text),
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

/** Of Prometheus, probes and people. */
const maxOpsConnections = 1000

/** A client of long-polling has two connections; 1000 more are for the API, the demo and handshakes that are refused. */
const maxTcpConnections = ({ maxConnections }: Config) => 2 * maxConnections + 1000

/** With port 0 the system chooses, and it is known only to one who listens. */
function withRealPort(url: string, address: ReturnType<FastifyInstance['server']['address']>): string {
  return typeof address === 'object' && address ? url.replace(/:0$/, `:${address.port}`) : url
}

function measurePresent(metrics: Metrics, transport: Gateway, sessions: Sessions, feeds: Feeds): void {
  const { connections, clients, nodeProxy, participants, rooms, roomsBehind } = metrics
  connections.reset()
  for (const { dialect, socket } of transport.connections) {
    connections.inc({ dialect: dialect.name, transport: socket.conn.transport.name })
  }
  clients.set(transport.clients)
  for (const [transportName, open] of Object.entries(transport.nodeProxy)) {
    nodeProxy.set({ transport: transportName }, open)
  }
  participants.set({ state: 'connected' }, sessions.all.length)
  participants.set({ state: 'waiting' }, sessions.disconnections.waiting.length)
  rooms.set(feeds.rooms.length)
  roomsBehind.set(feeds.behind)
}
