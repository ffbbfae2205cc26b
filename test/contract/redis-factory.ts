import type { RedisTarget } from '../../src/state/redis/connection.ts'
import { createRedisStore } from '../../src/state/redis/index.ts'
import { randomPrefix } from '../support/redis.ts'
import { asDocumentedUser } from '../support/redis-user.ts'
import type { Factory } from './bench.ts'

/** Nodes that share a Redis, with a prefix of their own. `target` is called when a case runs. */
export function redisFactory(target: () => RedisTarget): Factory {
  return async (limits) => {
    const prefix = randomPrefix()
    const { urls, ...mode } = target()
    const documented = { ...mode, urls: (await asDocumentedUser(urls.join(','), prefix)).split(',') }
    const open = (changes = {}) => createRedisStore(documented, prefix, { ...limits, ...changes })
    const states = [open()]
    return {
      store: states[0] as ReturnType<typeof open>,
      another: async (changes) => {
        const store = open(changes)
        states.push(store)
        return store
      },
      close: async () => {
        await Promise.all(states.map((store) => store.close()))
      },
    }
  }
}
