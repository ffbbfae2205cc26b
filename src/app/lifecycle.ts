import type { NodeDuties } from '../core/cluster/node-duties.ts'
import type { OpenRoomList } from '../core/room/open-room-list.ts'
import type { RoomIndexUpdater } from '../core/room/room-index-updater.ts'
import type { Sessions } from '../core/session/sessions.ts'
import type { Evacuation } from '../gateway/evacuation.ts'
import type { NodeSurvey } from '../gateway/proxy/node-survey.ts'
import type { Gateway } from '../gateway/server.ts'
import type { HttpConnections } from '../http/connections.ts'
import type { UsedHeaders } from '../http/management/used-headers.ts'
import type { NodeContext } from './context.ts'
import type { Listeners } from './listeners.ts'
import { endEach } from './shutdown.ts'
import type { NodeStore } from './store.ts'

/** The parts that work periodically, and those that must be closed. */
export type NodeParts = {
  context: NodeContext
  nodeStore: NodeStore
  sessions: Sessions
  nodeDuties: NodeDuties
  survey: NodeSurvey
  evacuation: Evacuation
  openRoomList: OpenRoomList
  roomIndexUpdater: RoomIndexUpdater
  usedHeaders: UsedHeaders
  gateway: Gateway
  listeners: Listeners
  httpConnections: HttpConnections[]
}

/**
 * How long each step of `closeNode` may take. The sum is less than the 15 s after which src/main.ts ends the process by force.
 */
const closeTimeoutsMs = { sessions: 5000, connections: 3000, lease: 5000, store: 1000 }

/** How long clients may read, and requests may take, before the node cuts their connections. Part of `connections`. */
const requestCutMs = 2000

/**
 * Takes the lease and starts the periodic work.
 * @throws UnsuitableStoreError when the store cannot serve this node
 */
export async function startNode(parts: NodeParts): Promise<void> {
  const { context, nodeStore, sessions, nodeDuties, survey, evacuation, openRoomList, usedHeaders } = parts
  const { config, intervals } = context
  await nodeStore.store.suitable()
  await nodeDuties.acquire()
  nodeDuties.startDuties(intervals) // the next steps may take longer than the lease
  await nodeStore.store.handover.serve(context.node, (ref) => sessions.onTakeover(ref))
  await nodeStore.adapterLane?.sub.confirmed()
  evacuation.start()
  if (config.redis) survey.start(intervals.trackRoomsMs)
  openRoomList.start()
  if (config.managementKeys.length > 0 && config.mauthReplayCheck) await usedHeaders.watch()
}

/** Ends every part: first what works without a request, then sessions and connections, last the lease and the store. */
export async function closeNode(parts: NodeParts): Promise<void> {
  const { context, nodeStore, sessions, nodeDuties, survey, evacuation, openRoomList, roomIndexUpdater, usedHeaders } =
    parts
  context.lifecycle.advance('closed')
  for (const part of [evacuation, survey, openRoomList, usedHeaders, roomIndexUpdater]) part.stop()
  const { store, adapterLane } = nodeStore
  const ms = closeTimeoutsMs
  await endEach(
    [
      { what: 'sessions', end: () => sessions.closer.detachAll(), ms: ms.sessions },
      { what: 'connections', end: () => closeConnections(parts), ms: ms.connections },
      { what: 'lease', end: () => nodeDuties.stop(), ms: ms.lease },
      { what: 'store', end: () => Promise.all([store.close(), adapterLane?.close()]), ms: ms.store },
    ],
    (what, error) => context.log.warn({ err: error, what }, 'a part of the shutdown failed or did not end in time'),
  )
}

async function closeConnections({ gateway, listeners, httpConnections }: NodeParts): Promise<void> {
  const cut = setTimeout(() => {
    for (const connections of httpConnections) connections.cut()
  }, requestCutMs)
  await gateway.close()
  await listeners.http.close()
  await listeners.ops.close()
  clearTimeout(cut)
}
