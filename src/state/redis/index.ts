import type { Retention, State } from '../../core/ports/state.ts'
import type { RedisClient } from './client.ts'
import { RedisClock } from './clock.ts'
import { connect, type RedisTarget } from './connection.ts'
import { RedisHandover } from './handover.ts'
import { keysOf } from './keys.ts'
import { RedisLog } from './log.ts'
import { RedisMediaStore } from './media-store.ts'
import { RedisNodeRegistry } from './node-registry.ts'
import { RedisOpenRoomIndex } from './open-room-index.ts'
import { RedisOversight } from './oversight.ts'
import { RedisPubSub } from './pub-sub.ts'
import { noReport, type RedisReport } from './report.ts'
import { Requirements } from './requirements.ts'
import { neededRights, Rights } from './rights.ts'
import { RedisRoomStore } from './room-store.ts'
import { type Observe, Scripts } from './scripts.ts'
import { RedisSessionStore } from './session-store.ts'

/** Shared by every node with the same Redis and prefix. Redis ≥ 7: scripts publish to sharded channels. */
export function createRedisState(
  target: RedisTarget,
  prefix: string,
  retention: Retention,
  observe?: Observe,
  report: RedisReport = noReport,
): State & { client: RedisClient } {
  const client = connect(target, 'command', report)
  const subscriber = connect(target, 'feed', report)
  const keys = keysOf(prefix)
  const clock = new RedisClock(client, keys)
  const scripts = new Scripts(client, clock, keys, retention, observe)
  const pubSub = new RedisPubSub(subscriber, scripts, keys, report)
  const requirements = new Requirements(client, target, report)
  const rights = new Rights(client, neededRights(keys, prefix), report)
  return {
    client,
    clock,
    sessionStore: new RedisSessionStore(scripts, keys),
    log: new RedisLog(scripts, keys),
    pubSub: pubSub,
    handover: new RedisHandover(pubSub, scripts, keys),
    media: new RedisMediaStore(scripts, keys),
    rooms: new RedisRoomStore(scripts, keys),
    openRoomIndex: new RedisOpenRoomIndex(scripts, keys),
    nodes: new RedisNodeRegistry(scripts, keys, retention),
    oversight: new RedisOversight(scripts, keys, retention),
    problem: () => client.problem ?? subscriber.problem ?? rights.problem ?? pubSub.problem,
    suitable: () => requirements.met(),
    ping: () =>
      scripts.timed('ping', async () => {
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
