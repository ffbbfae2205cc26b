import { connect as connectTcp, createServer } from 'node:net'
import { Redis } from 'ioredis'
import { describe, expect, onTestFinished, test } from 'vitest'
import { UnsuitableStoreError } from '../../src/core/ports/store.ts'
import type { RedisTarget } from '../../src/state/redis/connection.ts'
import { createRedisStore } from '../../src/state/redis/index.ts'
import { noReport, type RedisReport } from '../../src/state/redis/report.ts'
import { randomPrefix, startSentinel } from '../support/redis.ts'
import { type RedisServer, spawnRedis } from '../support/redis-server.ts'
import { until } from '../support/until.ts'
import { limits } from './bench.ts'

async function startServer(...settings: string[]): Promise<RedisServer> {
  const server = await spawnRedis(() => settings)
  onTestFinished(() => server.stop())
  return server
}

const adminOf = ({ url }: { url: string }) => {
  const admin = new Redis(url)
  onTestFinished(() => admin.disconnect())
  return admin
}

function stateOf(urls: string | string[], target: Partial<RedisTarget> = {}, report: Partial<RedisReport> = {}) {
  const whole: RedisTarget = { urls: [urls].flat(), mode: 'standalone', ...target }
  const store = createRedisStore(whole, randomPrefix(), limits, undefined, { ...noReport, ...report })
  onTestFinished(() => store.close())
  return store
}

async function faultsOf(...given: Parameters<typeof stateOf>): Promise<string[]> {
  const error = await stateOf(...given)
    .suitable()
    .then(
      () => undefined,
      (error: unknown) => error,
    )
  if (error === undefined) return []
  if (!(error instanceof UnsuitableStoreError)) throw error
  expect(error.message).not.toContain('hidden')
  return error.faults
}

/** A proxy that changes the answer to INFO, as from another version of Redis. */
async function disguised({ port }: RedisServer, from: RegExp, to: (found: string) => string): Promise<string> {
  const sockets = new Set<{ destroy(): void }>()
  const proxy = createServer((client) => {
    const server = connectTcp(port, '127.0.0.1')
    for (const socket of [client, server]) {
      sockets.add(socket)
      socket.on('error', () => {})
      socket.on('close', () => [client, server].map((each) => each.destroy()))
    }
    client.pipe(server)
    server.on('data', (bytes) => client.write(bytes.toString('latin1').replace(from, to), 'latin1'))
  })
  await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve))
  onTestFinished(async () => {
    for (const socket of sockets) socket.destroy()
    await new Promise((resolve) => proxy.close(resolve))
  })
  const address = proxy.address()
  return `redis://127.0.0.1:${typeof address === 'object' && address?.port}`
}

describe('a node does not start with', () => {
  test.each(['allkeys-lru', 'volatile-ttl'])('a Redis that evicts keys by %s', async (policy) => {
    const { url, port } = await startServer('--maxmemory', '100mb', '--maxmemory-policy', policy)
    expect(await faultsOf(url)).toEqual([
      `REDIS_URL: the Redis at 127.0.0.1:${port} removes sessions and messages when its memory is full (maxmemory-policy is ${policy}): set maxmemory-policy to noeviction`,
    ])
  })

  test('a Redis of an old version', async () => {
    const old = await disguised(await startServer(), /redis_version:[\d.]+/, (found) =>
      'redis_version:6.2.14'.padEnd(found.length, '0').slice(0, found.length),
    )
    expect(await faultsOf(old)).toEqual([
      expect.stringMatching(/^REDIS_URL: .* has version 6\.2\.\d+: 7 or newer is needed$/),
    ])
  })

  test('a database that the server does not have, and does not use another database instead', async () => {
    const server = await startServer('--databases', '4')
    const store = stateOf(`${server.url}/4`)
    await expect(store.suitable()).rejects.toMatchObject({
      faults: [
        expect.stringMatching(
          /^REDIS_URL: .* does not let this node use its database \(ERR DB index is out of range\)$/,
        ),
      ],
    })
    await expect(store.client.set('key', 'x')).rejects.toThrow()
    expect(await adminOf(server).dbsize()).toBe(0)
    expect(await faultsOf(`${server.url}/3`)).toEqual([])
  })

  test('a missing or wrong password', async () => {
    const server = await startServer()
    const { port } = server
    await adminOf(server).config('SET', 'requirepass', 'right')
    expect(await faultsOf(`redis://127.0.0.1:${port}`)).toEqual([
      expect.stringMatching(/^REDIS_URL: the server at \S+ requires a password: write redis:\/\/.* \(NOAUTH /),
    ])
    for (const user of ['', 'nobody']) {
      expect(await faultsOf(`redis://${user}:hidden@127.0.0.1:${port}`)).toEqual([
        expect.stringMatching(/^REDIS_URL: the server at \S+ does not accept this user and password \(WRONGPASS /),
      ])
    }
    expect(await faultsOf(`redis://:right@127.0.0.1:${port}`)).toEqual([])
  })

  test('a replica', async () => {
    const master = await startServer()
    const { url } = await startServer('--replicaof', '127.0.0.1', `${master.port}`)
    expect(await faultsOf(url)).toEqual([
      expect.stringMatching(
        new RegExp(
          `^REDIS_URL: .* is a replica, which accepts no writes: use the address of its master, 127.0.0.1:${master.port}$`,
        ),
      ),
    ])
  })

  test('a Redis of another kind than REDIS_MODE', async () => {
    const [single, member] = [await startServer(), await startServer('--cluster-enabled', 'yes')]
    expect(await faultsOf(member.url)).toEqual([
      expect.stringMatching(/^REDIS_MODE: is standalone, but .* is a node of a Redis Cluster: set REDIS_MODE=cluster$/),
    ])
    expect(await faultsOf(single.url, { mode: 'cluster' })).toEqual([
      expect.stringMatching(/^REDIS_MODE: is cluster, but .* is not a node of a Redis Cluster$/),
    ])
    expect(await faultsOf(single.url, { mode: 'sentinel', sentinelName: 'm' })).toEqual([
      expect.stringMatching(/^REDIS_MODE: is sentinel, but .* is not a Sentinel$/),
    ])
  })

  test('a Sentinel instead of a Redis, or a Sentinel that does not know the master', async () => {
    const group = await startSentinel()
    onTestFinished(() => group.stop())
    const { urls, name: sentinelName } = group
    expect(await faultsOf(urls[0] ?? '')).toEqual([
      expect.stringMatching(/^REDIS_MODE: is standalone, but .* is a Sentinel: set REDIS_MODE=sentinel$/),
    ])
    expect(await faultsOf(urls, { mode: 'sentinel', sentinelName: 'other' })).toEqual([
      expect.stringMatching(/^REDIS_SENTINEL_NAME: the Sentinel at \S+ does not know a master 'other'$/),
    ])
    expect(await faultsOf(urls, { mode: 'sentinel', sentinelName })).toEqual([])
    const admin = adminOf(group.servers[0] ?? { url: '' })
    await admin.config('SET', 'maxmemory-policy', 'allkeys-lfu')
    expect(await faultsOf(urls, { mode: 'sentinel', sentinelName })).toEqual([
      expect.stringContaining('maxmemory-policy is allkeys-lfu'),
    ])
  })

  test('a Redis with several faults, and reports all of them', async () => {
    const master = await startServer()
    const settings = ['--replicaof', '127.0.0.1', `${master.port}`, '--maxmemory-policy', 'allkeys-random']
    expect(await faultsOf((await startServer(...settings)).url)).toHaveLength(2)
  })
})

test('a setting that a server hides is not a fault', async () => {
  const { url } = await startServer('--maxmemory-policy', 'allkeys-lru')
  await adminOf({ url }).call('ACL', 'SETUSER', 'reader', 'on', '>secret', '~*', '&*', '+@all', '-info', '-config')
  expect(await faultsOf(url.replace('redis://', 'redis://reader:secret@'))).toEqual([])
})

test('a node waits for a Redis that does not answer, and then checks it', async () => {
  const server = await startServer()
  await server.kill()
  const reported: unknown[] = []
  const away = new Promise<void>((resolve) => {
    stateOf(server.url, {}, { failed: (error) => reported.push(error) && resolve() })
      .suitable()
      .catch(() => {})
  })
  await away
  const waiting = [stateOf(server.url), stateOf(`${server.url}/99`)].map((store) => store.suitable())
  const ends = Promise.allSettled(waiting)
  await server.restart()
  expect(await ends).toMatchObject([
    { status: 'fulfilled' },
    { status: 'rejected', reason: { name: 'UnsuitableStoreError' } },
  ])
})

test('a running node continues with a Redis that has become unsuitable, and reports the fault once', async () => {
  const server = await startServer()
  const faults: string[] = []
  const store = stateOf(server.url, {}, { unsuitable: (fault) => faults.push(fault) })
  await store.suitable()
  const admin = adminOf(server)
  await admin.config('SET', 'maxmemory-policy', 'allkeys-lru')
  await admin.call('CLIENT', 'KILL', 'TYPE', 'normal')
  await until(async () => faults.length > 0)
  const connected = new Promise((resolve) => store.client.links[0]?.redis.once('ready', resolve))
  await admin.call('CLIENT', 'KILL', 'TYPE', 'normal')
  await connected
  await store.ping()
  expect(faults).toEqual([expect.stringContaining('maxmemory-policy is allkeys-lru')])
  await until(async () => store.problem() === undefined)
})
