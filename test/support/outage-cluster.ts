import { FakedClock } from './faked-clock.ts'
import { FaultProxy } from './fault-proxy.ts'
import { type Fault, FaultyRedis, type Topology } from './faulty-redis.ts'
import { type Exit, launchProcess, type NodeProcess, untilReady } from './process.ts'
import { type Prometheus, startPrometheus } from './prometheus.ts'
import { randomPrefix } from './redis.ts'

type Parts = {
  /** Set for the servers that keep data. */
  redisEnv?: { [name: string]: string } | undefined
  /** Each node reaches a standalone Redis through a proxy of its own. */
  hasLinks?: boolean
}

/** Three node processes, their Redis that can fail, and a Prometheus that scrapes them. */
export class OutageCluster {
  readonly redis: FaultyRedis
  readonly nodes: NodeProcess[]
  readonly prometheus: Prometheus
  /** The clocks of the nodes, in the same order. */
  readonly clocks: FakedClock[]
  /** A proxy between each node and a standalone Redis. A sentinel or a cluster would send nodes past it. */
  readonly links: FaultProxy[]
  #fault: Fault | undefined

  private constructor(
    redis: FaultyRedis,
    nodes: NodeProcess[],
    prometheus: Prometheus,
    clocks: FakedClock[],
    links: FaultProxy[],
  ) {
    this.links = links
    this.redis = redis
    this.nodes = nodes
    this.prometheus = prometheus
    this.clocks = clocks
  }

  /** The nodes start while Redis refuses connections: call `recover`. */
  static async start(
    topology: Topology,
    options: { [name: string]: string | number },
    { redisEnv, hasLinks = false }: Parts = {},
  ): Promise<OutageCluster> {
    const redis = await FaultyRedis.start(topology, redisEnv)
    await redis.fail('killed')
    const clocks = [0, 1, 2].map(() => new FakedClock())
    const { REDIS_URL = '' } = redis.env
    const links = hasLinks && topology === 'standalone' ? await Promise.all(clocks.map(() => FaultProxy.start())) : []
    for (const link of links) link.target = Number(new URL(REDIS_URL).port)
    const shared = { prefix: randomPrefix(), until: 'after the file' as const }
    const nodes = await Promise.all(
      clocks.map((clock, index) => {
        const link = links[index]
        const redisUrl = link ? `redis://127.0.0.1:${link.port}` : REDIS_URL
        const env = { ...redis.env, ...clock.env, ...options, REDIS_URL: redisUrl }
        return launchProcess({ ...shared, redisUrl, env })
      }),
    )
    const prometheus = await startPrometheus(nodes.map(({ opsUrl }) => new URL(opsUrl).host))
    const cluster = new OutageCluster(redis, nodes, prometheus, clocks, links)
    cluster.#fault = 'killed'
    return cluster
  }

  /** Makes Redis refuse connections, and then restarts all nodes. */
  async startWithoutRedis(): Promise<void> {
    if (this.#fault === 'killed') return // the nodes were started without Redis
    await this.fail('killed')
    await Promise.all(this.nodes.map((_node, index) => this.restart(index, 'SIGKILL')))
  }

  async fail(fault: Fault): Promise<void> {
    this.#fault = fault
    await this.redis.fail(fault)
  }

  /** Ends the fault if there is one. Resolves when Redis answers. */
  async recover(): Promise<void> {
    const fault = this.#fault
    this.#fault = undefined
    if (fault) await this.redis.recover(fault)
  }

  /** Ends a node, and launches another process in its place. Resolves to how it ended, and how long that took, ms. */
  async restart(index: number, signal: 'SIGTERM' | 'SIGKILL'): Promise<Exit & { ms: number }> {
    const node = this.nodes[index]
    if (!node) throw new Error(`No node ${index}`)
    const signaledAt = performance.now()
    node.kill(signal)
    const exit = await node.exited
    const ms = performance.now() - signaledAt
    this.nodes[index] = await node.relaunch()
    return { ...exit, ms }
  }

  /** Ends the fault if there is one. Resolves when all nodes are ready. */
  async allReady(): Promise<void> {
    await this.recover()
    await Promise.all(this.nodes.map(untilReady))
  }

  async stop(): Promise<void> {
    for (const node of this.nodes) node.kill('SIGKILL')
    await this.prometheus.stop()
    await this.redis.stop()
  }
}
