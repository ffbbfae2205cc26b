import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Redis } from 'ioredis'
import { inject } from 'vitest'
import { newId } from '../../src/core/ids.ts'
import { freePorts } from './ports.ts'
import { type RedisServer, spawnRedis, spawnServer } from './redis-server.ts'
import { until } from './until.ts'

export type { RedisServer } from './redis-server.ts'

/** The Redis that all tests of the run share. A test uses its own prefix, and neither flushes nor stops the server. */
export const redisUrl = (): string => inject('redisUrl')

/** A key prefix that no other test has. */
export const randomPrefix = (): string => `test-${newId()}`

/** A server for this test alone, which it may pause and stop. `settings` as on its command line. */
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
    await Promise.all(servers.map((server, index) => withAdmin(server, (redis) => assignSlots(redis, index))))
    await introduce(servers)
    await Promise.all(servers.map(untilAllSlotsKnown))
  })
  return group
}

async function assignSlots(redis: Redis, index: number): Promise<void> {
  const first = Math.floor((index * slotCount) / masterCount)
  const last = Math.floor(((index + 1) * slotCount) / masterCount) - 1
  await redis.call('CLUSTER', 'ADDSLOTSRANGE', `${first}`, `${last}`)
}

async function clusterSettings(): Promise<string[]> {
  // by default the bus port is the port plus 10000, which may be in use
  const [bus] = await freePorts(1)
  return ['--cluster-enabled', 'yes', '--cluster-port', `${bus}`, '--cluster-config-file', 'nodes.conf']
}

/** Makes servers of a cluster known to each other. */
export async function introduce([first, ...others]: RedisServer[]): Promise<void> {
  if (!first) return
  for (const other of others) {
    const bus = await withAdmin(other, async (redis) => (await redis.config('GET', 'cluster-port')) as string[])
    await withAdmin(first, (redis) => redis.call('CLUSTER', 'MEET', '127.0.0.1', `${other.port}`, `${bus[1]}`))
  }
}

/** Waits for each server: a server that does not know all the others yet refuses commands. */
async function untilAllSlotsKnown(server: RedisServer): Promise<void> {
  await withAdmin(server, (redis) =>
    until(async () => {
      const info = String(await redis.call('CLUSTER', 'INFO'))
      return info.includes('cluster_state:ok') && info.includes(`cluster_known_nodes:${masterCount}`)
    }),
  )
}

export type SentinelGroup = RedisGroup & {
  name: string
  /** Makes the replica the master; resolves when the sentinel returns its address. */
  failover(): Promise<void>
}

/** A master with one replica, and one sentinel with a quorum of one. `urls` has the address of the sentinel. */
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
  await orStop(group, () => withAdmin(sentinel, (redis) => untilReplicaKnown(redis, name, replica)))
  const masterPort = async (redis: Redis) =>
    ((await redis.call('SENTINEL', 'GET-MASTER-ADDR-BY-NAME', name)) as string[])[1]
  const failover = () =>
    withAdmin(sentinel, async (redis) => {
      const before = await masterPort(redis)
      await redis.call('SENTINEL', 'FAILOVER', name)
      await until(async () => (await masterPort(redis)) !== before)
    })
  return { ...group, failover }
}

async function untilReplicaKnown(sentinel: Redis, name: string, replica: RedisServer): Promise<void> {
  await until(async () => {
    const [first] = (await sentinel.call('SENTINEL', 'REPLICAS', name)) as string[][]
    const state = String(first)
    return state.includes(`port,${replica.port}`) && state.includes('master-link-status,ok')
  })
}

async function sentinelSettings(port: number, folder: string, name: string, master: number): Promise<string[]> {
  const file = join(folder, 'sentinel.conf') // a sentinel writes its state into its settings
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

async function withAdmin<T>(server: RedisServer, run: (redis: Redis) => Promise<T>): Promise<T> {
  const redis = new Redis(server.url)
  try {
    return await run(redis)
  } finally {
    redis.disconnect()
  }
}

/** Starts all servers. If one does not start, it stops the others, and those that are `running` already. */
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
