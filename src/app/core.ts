import { Feeds } from '../core/room/feeds.ts'
import { Sessions } from '../core/session/sessions.ts'
import type { SessionsConfig } from '../core/session/sessions-config.ts'
import { dialectNames } from '../protocol/dialect-names.ts'
import type { NodeContext } from './context.ts'
import { CoreEvents } from './core-events.ts'
import type { NodeStore } from './store.ts'

/** How long a feed waits before it reads a log again that it could not read. */
const retryDelayMs = 200

export type NodeCore = { events: CoreEvents; feeds: Feeds; sessions: Sessions }

/** The rules of rooms and sessions, on this node's store. */
export function createCore(context: NodeContext, { store, health }: NodeStore): NodeCore {
  const events = new CoreEvents(context, health.failed)
  const pause = () => new Promise<void>((resolve) => setTimeout(resolve, retryDelayMs))
  const feeds = new Feeds(store, context.node, pause, events)
  const sessions = new Sessions(store, feeds, sessionsConfigOf(context), events)
  return { events, feeds, sessions }
}

function sessionsConfigOf({ config, node }: NodeContext): SessionsConfig {
  return {
    node,
    keys: config.keys,
    dialectNames,
    tokenTtl: config.tokenTtl,
    ticketTtl: config.ticketTtl,
    window: config.window,
    maxRooms: config.maxRooms,
    maxParticipants: config.maxParticipants,
  }
}
