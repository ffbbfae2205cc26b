import type { FastifyInstance } from 'fastify'
import { iceServersFor } from '../core/auth/turn-credentials.ts'
import { MeshBackend } from '../core/media/mesh.ts'
import { ParticipantMessages } from '../core/participant-messages.ts'
import type { ClusterClock } from '../core/ports/clock.ts'
import { OpenRoomList } from '../core/room/open-room-list.ts'
import { RoomIndexUpdater } from '../core/room/room-index-updater.ts'
import type { Sessions } from '../core/session/sessions.ts'
import { type DialectServices, dialectsOf } from '../dialects/index.ts'
import { roomChangeOf } from '../dialects/rooms/room.ts'
import { type Broadcast, clusterBroadcast, localBroadcast } from '../gateway/broadcast.ts'
import { Gateway, type GatewayConfig } from '../gateway/server.ts'
import type { GatewayServices } from '../gateway/services.ts'
import { loginTokens } from '../identity/login-tokens.ts'
import type { NodeContext } from './context.ts'
import type { NodeCore } from './core.ts'
import type { NodeStore } from './store.ts'

export type CreatedGateway = {
  gateway: Gateway
  broadcast: Broadcast
  openRoomList: OpenRoomList
  roomIndexUpdater: RoomIndexUpdater
  readToken: DialectServices['readToken']
  iceServers: DialectServices['iceServers']
}

/** Serves Socket.IO with every dialect on the server of `http`, and connects the core's events to the parts that react to them. */
export function createGateway(
  context: NodeContext,
  { store, cluster }: NodeStore,
  { sessions, events }: NodeCore,
  http: FastifyInstance,
): CreatedGateway {
  const { config } = context
  const services = gatewayServicesOf(context, sessions, store.clock)
  const gateway = new Gateway(http.server, gatewayConfigOf(context), services, cluster)
  const broadcast = cluster ? clusterBroadcast(cluster.pub, cluster.key) : localBroadcast(gateway.io)
  const openRoomList = new OpenRoomList(store.roomSizes, 'rooms', {
    broadcast: (rooms) => broadcast.emit('/rooms', 'room_change', ...roomChangeOf(rooms)),
    failed: events.failed,
  })
  const roomIndexUpdater = new RoomIndexUpdater(store.roomIndex, events.failed)
  const messages = new ParticipantMessages(store)
  const media = new MeshBackend(store)
  const date = () => store.clock.date()
  const readToken = loginTokens(config.keys, config.jwt, date)
  const iceServers = (user: string) => iceServersFor(config.ice, user, date())
  const { anonymousDialects } = config
  const dialects = dialectsOf({ sessions, messages, media, openRoomList, readToken, iceServers, anonymousDialects })
  for (const dialect of Object.values(dialects)) gateway.serve(dialect)
  events.connect({ roomIndexUpdater, openRoomList, broadcast, dialects })
  return { gateway, broadcast, openRoomList, roomIndexUpdater, readToken, iceServers }
}

function gatewayConfigOf({ config, node }: NodeContext): GatewayConfig {
  const { trustProxy } = config
  return {
    node,
    keys: config.keys,
    pingInterval: config.pingInterval,
    pingTimeout: config.pingTimeout,
    corsOrigins: config.corsOrigins,
    maxConnections: config.maxConnections,
    connectionsPerIp: config.connectionsPerIp,
    maxMessageBytes: config.maxMessageBytes,
    messagesPerSecond: config.messagesPerSecond,
    messageBurst: config.messageBurst,
    maxBufferedBytes: config.maxBufferedBytes,
    maxBufferedBytesTotal: config.maxBufferedBytesTotal,
    ...(trustProxy === undefined ? {} : { trustProxy }),
  }
}

function gatewayServicesOf(context: NodeContext, sessions: Sessions, clock: ClusterClock): GatewayServices {
  const { config, metrics, refusals, log, throttle, lifecycle } = context
  const { maxMessageBytes, messagesPerSecond, messageBurst } = config
  return {
    sessions,
    clock,
    metrics,
    refusals,
    log,
    throttle,
    lifecycle,
    maxMessageBytes,
    messagesPerSecond,
    messageBurst,
  }
}
