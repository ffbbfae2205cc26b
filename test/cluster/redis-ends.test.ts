import { expect, onTestFinished, test } from 'vitest'
import { connect, enter, loginInfo } from '../support/client.ts'
import { newRoom } from '../support/node.ts'
import { expectUnharmed, startProcess, statusOf } from '../support/process.ts'
import { type RedisGroup, randomPrefix, startRedis, startRedisCluster, startSentinel } from '../support/redis.ts'
import { until } from '../support/until.ts'

type Mode = 'standalone' | 'sentinel' | 'cluster'
type Fault = 'refuses' | 'hangs'

const short: [Mode, Fault][] = [['cluster', 'refuses']]
const long: [Mode, Fault][] = [
  ['standalone', 'refuses'],
  ['standalone', 'hangs'],
  ['sentinel', 'refuses'],
  ['sentinel', 'hangs'],
  ['cluster', 'refuses'],
  ['cluster', 'hangs'],
]

const starts: { [mode in Mode]: () => Promise<RedisGroup & { name?: string }> } = {
  standalone: async () => {
    const server = await startRedis()
    return { urls: [server.url], servers: [server], stop: () => server.stop() }
  },
  sentinel: startSentinel,
  cluster: startRedisCluster,
}

test.each(process.env.SIGNALBOX_SOAK ? long : short)(
  'when Redis (%s) %s, a node refuses a login in time and ends with code 0 on SIGTERM',
  { timeout: 60_000 },
  async (mode, fault) => {
    const redis = await starts[mode]()
    onTestFinished(() => redis.stop())
    const env = { DRAIN_SECONDS: 0, REDIS_MODE: mode, REDIS_SENTINEL_NAME: redis.name ?? '' }
    const node = await startProcess({ redisUrl: redis.urls.join(','), prefix: randomPrefix(), env })
    await enter(node.url, { room: newRoom() })
    const client = await connect(node.url)

    await Promise.all(redis.servers.map((server) => (fault === 'hangs' ? server.pause() : server.stop())))
    await until(async () => (await statusOf(`${node.opsUrl}/readyz`)) === 503)
    const login = client.socket.timeout(5000).emitWithAck('login', loginInfo({ room: newRoom() }))
    expect(await login).toBe('error')
    await expectUnharmed([node])
    const causes = node.output().match(/no connection to Redis/g) ?? []
    expect(causes.length).toBeGreaterThan(0)
    expect(node.output()).toMatch(/"address":"[^"]+","cause":"[^"]+"/)

    node.kill('SIGTERM')
    expect(await node.exited).toEqual({ code: 0, signal: null })
  },
)
