import { Redis } from 'ioredis'
import type { LocalCluster } from '../../src/cli/local-cluster/index.ts'

/** One process: cores since the reading before, resident memory now in bytes. */
export type ProcessUsage = { name: string; cores: number; rss: number; connections?: number }

/** The processes of a cluster, `at` s after the start of the run. Redis' commands and scripts are per second since the reading before. */
export type Usage = { at: number; nodes: ProcessUsage[]; redis: ProcessUsage & { commands: number; scripts: number } }

type Reading = { at: number; cpu: Map<string, number>; commands: number; scripts: number }

/** Reads CPU and memory of the nodes of a cluster on this machine, and of its Redis. */
export class UsageReader {
  readonly rows: Usage[] = []
  readonly #cluster: LocalCluster
  readonly #redis: Redis
  #previous: Reading | undefined

  constructor(cluster: LocalCluster, redisUrl: string) {
    this.#cluster = cluster
    this.#redis = new Redis(redisUrl, { lazyConnect: true, maxRetriesPerRequest: 1 })
    this.#redis.on('error', () => {}) // `read` handles the failure of its own command
  }

  /** @param at s since the start of the run */
  async read(at: number): Promise<void> {
    const nodes = await Promise.all(this.#cluster.nodes.map(({ name, url }) => readNode(name, url)))
    const info = await this.#redis.info('everything').catch(() => undefined)
    if (info === undefined) return
    const redisCpu = numberIn(info, 'used_cpu_user') + numberIn(info, 'used_cpu_sys')
    const cpu = new Map([
      ...nodes.flatMap((node) => (node ? [[node.name, node.cpu] as const] : [])),
      ['redis', redisCpu],
    ])
    const reading = { at, cpu, commands: numberIn(info, 'total_commands_processed'), scripts: scriptsIn(info) }
    const before = this.#previous ?? reading
    const seconds = Math.max(0.001, at - before.at)
    const cores = (name: string) => Math.max(0, ((cpu.get(name) ?? 0) - (before.cpu.get(name) ?? 0)) / seconds)
    this.rows.push({
      at,
      nodes: nodes.flatMap((node) => (node ? [{ ...node, cores: cores(node.name) }] : [])),
      redis: {
        name: 'redis',
        cores: cores('redis'),
        rss: numberIn(info, 'used_memory_rss'),
        commands: (reading.commands - before.commands) / seconds,
        scripts: (reading.scripts - before.scripts) / seconds,
      },
    })
    this.#previous = reading
  }

  close(): void {
    this.#redis.disconnect()
  }
}

/** Undefined: the node has exited. */
async function readNode(name: string, url: string) {
  const text = await fetch(`${url}/metrics`).then(
    (response) => response.text(),
    () => undefined,
  )
  if (text === undefined) return undefined
  const connections = [...text.matchAll(/^signalbox_connections\{.*\} (\d+)$/gm)].reduce(
    (sum, [, n]) => sum + Number(n),
    0,
  )
  const metric = (of: string) => Number(new RegExp(`^${of} (\\S+)$`, 'm').exec(text)?.[1] ?? 0)
  return { name, cpu: metric('process_cpu_seconds_total'), rss: metric('process_resident_memory_bytes'), connections }
}

function numberIn(info: string, name: string): number {
  return Number(new RegExp(`^${name}:([\\d.]+)`, 'm').exec(info)?.[1] ?? 0)
}

function scriptsIn(info: string): number {
  const calls = [...info.matchAll(/^cmdstat_(?:evalsha|eval|fcall):calls=(\d+)/gm)]
  return calls.reduce((sum, [, count]) => sum + Number(count), 0)
}
