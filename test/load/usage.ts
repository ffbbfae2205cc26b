import { Redis } from 'ioredis'
import type { LocalCluster } from '../../src/cli/local-cluster/index.ts'

/** What one process took: cores over the time before, memory now. */
export type Load = { name: string; cores: number; rss: number; connections?: number }

/** What the processes of a cluster took at one moment; Redis' commands a second over the time before. */
export type Usage = { at: number; nodes: Load[]; redis: Load & { commands: number; scripts: number } }

type Reading = { at: number; cpu: Map<string, number>; commands: number; scripts: number }

/** Reads what the nodes of a cluster on this machine, and its Redis, use. */
export class Gauges {
  readonly rows: Usage[] = []
  readonly #cluster: LocalCluster
  readonly #redis: Redis
  #before: Reading | undefined

  constructor(cluster: LocalCluster, redisUrl: string) {
    this.#cluster = cluster
    this.#redis = new Redis(redisUrl, { lazyConnect: true, maxRetriesPerRequest: 1 })
    this.#redis.on('error', () => {}) // a reading fails then, and says so
  }

  /** @param at since the run began, s */
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
    const before = this.#before ?? reading
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
    this.#before = reading
  }

  close(): void {
    this.#redis.disconnect()
  }
}

/** Undefined: it is gone. */
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
