import type { Store, StoreLimits } from '../../core/ports/store.ts'
import type { RedisClient } from './client.ts'
import { RedisClock } from './clock.ts'
import { connect, type RedisTarget } from './connection.ts'
import { RedisHandover } from './handover.ts'
import { type Keys, keysOf } from './keys.ts'
import { RedisLog } from './log.ts'
import { RedisMediaStore } from './media-store.ts'
import { RedisNodeRegistry } from './node-registry.ts'
import { RedisNonces } from './nonces.ts'
import { RedisPubSub } from './pub-sub.ts'
import { RedisReconnectWindows } from './reconnect-windows.ts'
import { noReport, type RedisReport } from './report.ts'
import { Requirements } from './requirements.ts'
import { neededRights, Rights } from './rights.ts'
import { RedisRoomIndex } from './room-index.ts'
import { RedisRoomSizes } from './room-sizes.ts'
import { RedisRoomStore } from './room-store.ts'
import { RedisRosterStore } from './roster-store.ts'
import { type Observe, Scripts } from './scripts.ts'
import { RedisSessionStore } from './session-store.ts'
import { RedisSessionUpkeep } from './session-upkeep.ts'

/** All nodes with the same Redis and prefix share this store. It needs Redis 7: scripts publish to sharded channels. */
export function createRedisStore(
  target: RedisTarget,
  prefix: string,
  limits: StoreLimits,
  observe?: Observe,
  report: RedisReport = noReport,
): Store & { client: RedisClient } {
  const client = connect(target, 'command', report)
  const subscriber = connect(target, 'feed', report)
  const keys = keysOf(prefix)
  const clock = new RedisClock(client, keys)
  const scripts = new Scripts(client, clock, keys, limits, observe)
  const pubSub = new RedisPubSub(subscriber, scripts, keys, report)
  const requirements = new Requirements(client, target, report)
  const rights = new Rights(client, neededRights(keys, prefix), report)
  return {
    client,
    clock,
    ...storesOf(scripts, keys, limits),
    pubSub,
    handover: new RedisHandover(pubSub, scripts, keys),
    problem: () => client.problem ?? subscriber.problem ?? rights.problem ?? pubSub.problem,
    suitable: () => requirements.met(),
    ping: () =>
      scripts.call('ping', async () => {
        await client.ping()
        await rights.check()
      }),
    close: async () => {
      requirements.close()
      rights.close()
      pubSub.close()
      await Promise.all([subscriber.close(), client.close()])
    },
  }
}

/** The parts of a store that need nothing but scripts and plain commands. */
function storesOf(scripts: Scripts, keys: Keys, limits: StoreLimits) {
  const nodes = new RedisNodeRegistry(scripts, keys, limits)
  const roomIndex: RedisRoomIndex = new RedisRoomIndex(scripts, keys, (room) => rooms.find(room))
  const rooms = new RedisRoomStore(scripts, keys, roomIndex)
  return {
    sessionStore: new RedisSessionStore(scripts, keys),
    sessionUpkeep: new RedisSessionUpkeep(scripts, keys),
    reconnectWindows: new RedisReconnectWindows(scripts, keys, nodes),
    roster: new RedisRosterStore(scripts, keys),
    log: new RedisLog(scripts, keys),
    media: new RedisMediaStore(scripts, keys),
    rooms,
    roomIndex,
    roomSizes: new RedisRoomSizes(scripts, keys),
    nodes,
    nonces: new RedisNonces(scripts, keys),
  }
}
