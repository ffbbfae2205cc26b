import { expect, onTestFinished, test } from 'vitest'
import { type Answer, type Client, enter } from '../support/client.ts'
import { newRoom, startCluster } from '../support/node.ts'
import { type RedisServer, startRedis, startRedisCluster } from '../support/redis.ts'

/** How long an answer may take, ms, whatever the request needs and whatever it waits for. */
const longestWaitMs = 5000

/** Two nodes on a Redis of their own. */
type Scene = { servers: RedisServer[]; urls: [string, string] }

const topologies: { [name: string]: () => Promise<Scene> } = {
  'a standalone Redis': async () => {
    const redis = await startRedis()
    onTestFinished(() => redis.stop())
    return start([redis], {})
  },
  'a Redis Cluster': async () => {
    const cluster = await startRedisCluster()
    onTestFinished(() => cluster.stop())
    return start(cluster.servers, { REDIS_MODE: 'cluster' })
  },
}

async function start(servers: RedisServer[], env: { [option: string]: string }): Promise<Scene> {
  const url = servers.map((server) => server.url).join()
  const [first, second] = await startCluster(2, { redis: { url }, env: { ...env, RECONNECT_WINDOW: 10 } })
  onTestFinished(async () => {
    await Promise.all([first?.close(), second?.close()])
  })
  return { servers, urls: [first?.url ?? '', second?.url ?? ''] }
}

/** The answer, and how long it took, ms. */
async function timed(client: Client, event: string, ...args: unknown[]): Promise<Answer & { ms: number }> {
  const sentAt = performance.now()
  const answer = await client.request(event, ...args)
  return { ...answer, ms: performance.now() - sentAt }
}

test.each(Object.entries(topologies))(
  '%s stands still: twelve requests in a row are all refused within 5 s',
  {
    timeout: 60_000,
  },
  async (_name, open) => {
    const { servers, urls } = await open()
    const room = newRoom()
    const [ann, bob] = await Promise.all(urls.map((url) => enter(url, { room })))
    if (!ann || !bob) throw new Error('No clients')
    for (const server of servers) server.pause()
    const asked = Array.from({ length: 12 }, (_, n) => timed(ann, 'text', { to: 'all', message: `late ${n}` }))
    const answers = await Promise.all(asked)
    expect(answers.map(({ code }) => code)).toEqual(answers.map(() => 'unavailable'))
    expect(Math.max(...answers.map(({ ms }) => ms))).toBeLessThan(longestWaitMs)
    for (const server of servers) server.resume()
    await ann.ask('text', { to: 'all', message: 'after' })
  },
)
