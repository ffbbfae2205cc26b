import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Redis } from 'ioredis'
import { FaultProxy } from './fault-proxy.ts'
import { freePorts } from './ports.ts'
import { introduce } from './redis.ts'
import { type RedisServer, spawnServer } from './redis-server.ts'
import { until } from './until.ts'

export const topologies = ['standalone', 'sentinel', 'cluster'] as const
export type Topology = (typeof topologies)[number]

/**
 * - `killed`: SIGKILL, and nothing listens on its address until it is started again, with its data.
 * - `frozen`: SIGSTOP; the kernel still accepts connections and bytes.
 * - `half-open`: the network drops all packets; connections from before never work again.
 * - `half-open feed`: the same for the connections that subscribe only.
 * - `slow`: answers come late, but within the time that a command has.
 * - `too slow`: commands are executed after the node has stopped waiting.
 */
export const faults = ['slow', 'killed', 'frozen', 'too slow', 'half-open feed', 'half-open'] as const
export type Fault = (typeof faults)[number]

/** The delay of bytes in each direction. */
export const oneWayMs: { readonly [fault in Fault]?: number } = { slow: 300, 'too slow': 2500 }
const masterName = 'mymaster'
/** Every acknowledged write is in the file when the process is killed. */
const durableArgs = ['--save', '', '--appendonly', 'yes', '--appendfsync', 'always']
const slotCount = 16384

type Member = { server: RedisServer; proxy: FaultProxy }

/** All servers of a Redis, each behind a proxy. They fail in one way at the same time, and recover at the same time. */
export class FaultyRedis {
  readonly topology: Topology
  readonly #members: Member[]

  private constructor(topology: Topology, members: Member[]) {
    this.topology = topology
    this.#members = members
  }

  /** @param env added to the environment of the servers that keep data */
  static async start(topology: Topology, env: Environment = {}): Promise<FaultyRedis> {
    const redis = new FaultyRedis(topology, await starts[topology](env))
    await redis.#healthy()
    return redis
  }

  /** Options of a node that uses it. */
  get env(): { [option: string]: string } {
    const addressed = this.topology === 'sentinel' ? this.#members.slice(-1) : this.#members
    return {
      REDIS_URL: addressed.map(({ proxy }) => `redis://127.0.0.1:${proxy.port}`).join(),
      REDIS_MODE: this.topology,
      ...(this.topology === 'sentinel' ? { REDIS_SENTINEL_NAME: masterName } : {}),
    }
  }

  async fail(fault: Fault): Promise<void> {
    for (const { server, proxy } of this.#members) {
      if (fault === 'killed') await Promise.all([server.kill(), proxy.refuse()])
      else if (fault === 'frozen') server.pause()
      else if (fault === 'half-open') proxy.swallow()
      else if (fault === 'half-open feed') proxy.swallow('feed')
      else proxy.delay(oneWayMs[fault] ?? 0)
    }
  }

  /** Resolves when all servers answer, and those of a cluster know each other. */
  async recover(fault: Fault): Promise<void> {
    if (fault === 'killed') await Promise.all(this.#members.map(({ server }) => server.restart()))
    if (fault === 'frozen') for (const { server } of this.#members) server.resume()
    await this.#healthy()
    for (const { proxy } of this.#members) await proxy.pass()
  }

  async stop(): Promise<void> {
    await Promise.all(this.#members.flatMap(({ server, proxy }) => [proxy.close(), server.stop()]))
  }

  async #healthy(): Promise<void> {
    await Promise.all(this.#members.map(({ server }) => untilUp(server, this.topology)))
  }
}

async function untilUp({ url }: RedisServer, topology: Topology): Promise<void> {
  const redis = new Redis(url, { maxRetriesPerRequest: null })
  redis.on('error', () => {})
  try {
    await redis.ping()
    if (topology !== 'cluster') return
    await until(async () => String(await redis.call('CLUSTER', 'INFO')).includes('cluster_state:ok'))
  } finally {
    redis.disconnect()
  }
}

type Environment = { [name: string]: string }
type ArgsFor = (port: number, folder: string, proxy: FaultProxy) => Promise<string[]> | string[]

async function startMember(argsFor: ArgsFor, env?: Environment): Promise<Member> {
  const proxy = await FaultProxy.start()
  const server = await spawnServer((port, folder) => argsFor(port, folder, proxy), env)
  proxy.target = server.port
  return { server, proxy }
}

const settings = (port: number, folder: string) => [
  ...['--port', `${port}`, '--bind', '127.0.0.1', '--dir', folder],
  ...durableArgs,
]

const starts: { [topology in Topology]: (env: Environment) => Promise<Member[]> } = {
  standalone: async (env) => [await startMember(settings, env)],
  sentinel: async (env) => {
    const master = await startMember(settings, env)
    return [master, await startMember((port, folder) => sentinelSettings(port, folder, master.proxy))]
  },
  cluster: async (env) => {
    const members = await Promise.all([0, 1, 2].map(() => startMember(clusterSettings, env)))
    await Promise.all(members.map(({ server }, index) => assignSlots(server, index, members.length)))
    await introduce(members.map(({ server }) => server))
    return members
  },
}

/** The sentinel is only asked for the master's address: without a replica it cannot fail over. */
async function sentinelSettings(port: number, folder: string, master: FaultProxy): Promise<string[]> {
  const file = join(folder, 'sentinel.conf')
  const lines = [
    `port ${port}`,
    'bind 127.0.0.1',
    `dir ${folder}`,
    `sentinel monitor ${masterName} 127.0.0.1 ${master.port} 1`,
    `sentinel down-after-milliseconds ${masterName} 3600000`,
  ]
  await writeFile(file, `${lines.join('\n')}\n`)
  return [file, '--sentinel']
}

async function clusterSettings(port: number, folder: string, proxy: FaultProxy): Promise<string[]> {
  const [bus] = await freePorts(1)
  return [
    ...settings(port, folder),
    ...['--cluster-enabled', 'yes', '--cluster-config-file', 'nodes.conf', '--cluster-port', `${bus}`],
    ...['--cluster-announce-ip', '127.0.0.1', '--cluster-announce-port', `${proxy.port}`],
    // servers that were paused notice soon that the others are reachable
    ...['--cluster-node-timeout', '2000'],
  ]
}

async function assignSlots({ url }: RedisServer, index: number, count: number): Promise<void> {
  const redis = new Redis(url)
  const [first, end] = [index, index + 1].map((part) => Math.floor((part * slotCount) / count)) as [number, number]
  await redis.call('CLUSTER', 'ADDSLOTSRANGE', `${first}`, `${end - 1}`)
  redis.disconnect()
}
