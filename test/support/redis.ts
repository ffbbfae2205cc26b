import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Redis } from 'ioredis'
import { inject, vi } from 'vitest'
import { newId } from '../../src/core/ids.ts'
import { freePorts } from './ports.ts'
import { type RedisServer, spawnRedis, spawnServer } from './redis-server.ts'

export type { RedisServer } from './redis-server.ts'

/** The Redis of the whole run. Others use it too: take a prefix of your own, never flush, never stop it. */
export const redisUrl = (): string => inject('redisUrl')

/** A key prefix that nobody else has. */
export const randomPrefix = (): string => `test-${newId()}`

/** A server for this test alone, to be paused, stopped or looked into. `settings` as on its command line. */
export const startRedis = (settings: string[] = [], env: { [name: string]: string } = {}): Promise<RedisServer> =>
  spawnRedis(() => settings, env)

export type RedisGroup = { urls: string[]; servers: RedisServer[]; stop(): Promise<void> }

const masterCount = 3
const slotCount = 16384

/** Redis Cluster: three masters that share the slots. */
export async function startRedisCluster(): Promise<RedisGroup> {
  const servers = await startAll(Array.from({ length: masterCount }, () => () => spawnRedis(clusterSettings)))
  const group = { urls: servers.map(({ url }) => url), servers, stop: () => stopAll(servers) }
  await orStop(group, async () => {
    await Promise.all(servers.map((server, index) => ask(server, (redis) => takeShare(redis, index))))
    await introduce(servers)
    await Promise.all(servers.map(knowsAllSlots))
  })
  return group
}

async function takeShare(redis: Redis, index: number): Promise<void> {
  const first = Math.floor((index * slotCount) / masterCount)
  const last = Math.floor(((index + 1) * slotCount) / masterCount) - 1
  await redis.call('CLUSTER', 'ADDSLOTSRANGE', `${first}`, `${last}`)
}

async function clusterSettings(): Promise<string[]> {
  // the port for the other nodes is the first one plus 10000 unless it is set, and that one may be taken
  const [bus] = await freePorts(1)
  return ['--cluster-enabled', 'yes', '--cluster-port', `${bus}`, '--cluster-config-file', 'nodes.conf']
}

/** Makes servers of a cluster known to each other. */
export async function introduce([first, ...others]: RedisServer[]): Promise<void> {
  if (!first) return
  for (const other of others) {
    const bus = await ask(other, async (redis) => (await redis.config('GET', 'cluster-port')) as string[])
    await ask(first, (redis) => redis.call('CLUSTER', 'MEET', '127.0.0.1', `${other.port}`, `${bus[1]}`))
  }
}

/** Every node is asked: one that has not heard of all the others yet would refuse what it is sent. */
async function knowsAllSlots(server: RedisServer): Promise<void> {
  await ask(server, (redis) =>
    until(async () => {
      const info = String(await redis.call('CLUSTER', 'INFO'))
      return info.includes('cluster_state:ok') && info.includes(`cluster_known_nodes:${masterCount}`)
    }),
  )
}

export type SentinelGroup = RedisGroup & {
  name: string
  /** Makes the replica the master; resolves when the sentinel tells clients so. */
  failover(): Promise<void>
}

/** A master with one replica, and one sentinel that decides alone. `urls` are the sentinel's. */
export async function startSentinel(): Promise<SentinelGroup> {
  const name = 'mymaster'
  const master = await spawnRedis(() => ['--repl-diskless-sync-delay', '0'])
  const [replica, sentinel] = await startAll(
    [
      () => spawnRedis(() => ['--replicaof', '127.0.0.1', `${master.port}`, '--repl-diskless-sync-delay', '0']),
      () => spawnServer((port, folder) => sentinelSettings(port, folder, name, master.port)),
    ],
    [master],
  )
  if (!replica || !sentinel) throw new Error('No sentinel')
  const servers = [master, replica, sentinel]
  const group = { name, urls: [sentinel.url], servers, stop: () => stopAll(servers) }
  await orStop(group, () => ask(sentinel, (redis) => knowsReplica(redis, name, replica)))
  const masterPort = async (redis: Redis) =>
    ((await redis.call('SENTINEL', 'GET-MASTER-ADDR-BY-NAME', name)) as string[])[1]
  const failover = () =>
    ask(sentinel, async (redis) => {
      const before = await masterPort(redis)
      await redis.call('SENTINEL', 'FAILOVER', name)
      await until(async () => (await masterPort(redis)) !== before)
    })
  return { ...group, failover }
}

async function knowsReplica(sentinel: Redis, name: string, replica: RedisServer): Promise<void> {
  await until(async () => {
    const [first] = (await sentinel.call('SENTINEL', 'REPLICAS', name)) as string[][]
    const state = String(first)
    return state.includes(`port,${replica.port}`) && state.includes('master-link-status,ok')
  })
}

async function sentinelSettings(port: number, folder: string, name: string, master: number): Promise<string[]> {
  const file = join(folder, 'sentinel.conf') // a sentinel keeps what it knows in its own settings
  const lines = [
    `port ${port}`,
    'bind 127.0.0.1',
    `dir ${folder}`,
    `sentinel monitor ${name} 127.0.0.1 ${master} 1`,
    `sentinel down-after-milliseconds ${name} 1000`,
  ]
  await writeFile(file, `${lines.join('\n')}\n`)
  return [file, '--sentinel']
}

/** Asks until it is so, where nothing tells of it by itself. */
export async function until(condition: () => Promise<boolean>): Promise<void> {
  await vi.waitUntil(condition, { timeout: 20_000, interval: 25 })
}

async function ask<T>(server: RedisServer, question: (redis: Redis) => Promise<T>): Promise<T> {
  const redis = new Redis(server.url)
  try {
    return await question(redis)
  } finally {
    redis.disconnect()
  }
}

/** All, or none: when one does not start, the others are stopped, and those that are `running` already. */
async function startAll(starts: (() => Promise<RedisServer>)[], running: RedisServer[] = []): Promise<RedisServer[]> {
  const results = await Promise.allSettled(starts.map((start) => start()))
  const servers = results.flatMap((result) => (result.status === 'fulfilled' ? result.value : []))
  const failed = results.find((result) => result.status === 'rejected')
  if (!failed) return servers
  await stopAll([...running, ...servers])
  throw failed.reason
}

async function orStop(group: RedisGroup, prepare: () => Promise<void>): Promise<void> {
  try {
    await prepare()
  } catch (error) {
    await group.stop()
    throw error
  }
}

async function stopAll(servers: RedisServer[]): Promise<void> {
  await Promise.all(servers.map((server) => server.stop()))
}
