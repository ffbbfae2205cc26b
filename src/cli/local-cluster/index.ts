import type { Environment } from '../../config/index.ts'
import { CommandError } from '../command.ts'
import { describeExit, type Exit } from './child-process.ts'
import { LoadBalancer, type Upstream } from './load-balancer.ts'
import { type ClusterNode, type StartingNode, startNode } from './node-process.ts'
import { type ClusterPlan, planCluster, reachable } from './plan.ts'
import { type PrivateRedis, startPrivateRedis } from './redis-server.ts'

type ClusterOptions = {
  nodes: number
  environment: Environment
  /** Starts `signalbox`: the executable and its arguments up to the command's name. */
  program: readonly [string, ...string[]]
  print: (line: string) => void
}

/** Several nodes, a Redis and a load balancer on this machine. */
export type LocalCluster = {
  url: string
  nodes: ClusterNode[]
  /** Unset if REDIS_URL names another Redis. */
  redis?: PrivateRedis
  /** Resolves to the reason when the cluster can no longer serve clients. Never resolves after `stop`. */
  failed: Promise<string>
  /** Stops the nodes, then Redis. Kills a process that does not end in time. */
  stop: () => Promise<void>
}

type Running = { redis?: PrivateRedis; nodes: StartingNode[]; loadBalancer?: LoadBalancer; stopping: boolean }

/** How long a node may take to close its connections, ms. */
const stopTimeoutMs = 10_000

/** If it throws, it has stopped everything. If this process ends, all child processes end too. @throws ConfigError, CommandError */
export async function startLocalCluster(options: ClusterOptions): Promise<LocalCluster> {
  const plan = planCluster(options.environment, options.nodes)
  const running: Running = { nodes: [], stopping: false }
  const kill = () => {
    for (const child of [...running.nodes, running.redis]) child?.kill()
  }
  const stop = async () => {
    running.stopping = true
    await running.loadBalancer?.close()
    await Promise.all(running.nodes.map((node) => node.stop('SIGINT', stopTimeoutMs)))
    await running.redis?.stop()
    process.off('exit', kill)
  }
  process.on('exit', kill)
  try {
    return { ...(await startAll(running, plan, options)), stop }
  } catch (error) {
    await stop()
    throw error
  }
}

async function startAll(
  running: Running,
  plan: ClusterPlan,
  { environment, program, print }: ClusterOptions,
): Promise<Omit<LocalCluster, 'stop'>> {
  if (!environment.REDIS_URL) running.redis = await startPrivateRedis()
  const redis = running.redis ? { REDIS_URL: running.redis.url } : {}
  running.nodes = plan.nodes.map((node) => startNode(node.name, program, { ...node.environment, ...redis }, print))
  const nodes = await Promise.all(running.nodes.map(({ up }) => up))
  running.loadBalancer = new LoadBalancer(upstreamsOf(plan, nodes))
  const port = await listen(running.loadBalancer, plan)
  const failed = watch(nodes, running.redis, (line) => running.stopping || print(line))
  return { url: `http://localhost:${port}`, nodes, ...(running.redis ? { redis: running.redis } : {}), failed }
}

async function listen(loadBalancer: LoadBalancer, { loadBalancerPort: port, host }: ClusterPlan): Promise<number> {
  return loadBalancer.listen(port, host).catch((error: Error) => {
    throw new CommandError(`The load balancer cannot listen on port ${port}: ${error.message}`, { cause: error })
  })
}

function upstreamsOf({ host, nodes: plans }: ClusterPlan, nodes: ClusterNode[]): Upstream[] {
  return nodes.map(({ name, url }, index) => {
    const port = Number(new URL(url).port)
    const readyUrl = `http://${reachable(host)}:${plans[index]?.opsPort || port}/readyz`
    return { name, host: reachable(host).replace(/^\[|\]$/g, ''), port, readyUrl }
  })
}

/** Prints a line when a node ends. Resolves when no node is left, or Redis has ended. */
function watch(nodes: ClusterNode[], redis: PrivateRedis | undefined, print: (line: string) => void): Promise<string> {
  let nodesLeft = nodes.length
  return new Promise((resolve, reject) => {
    for (const { name, ended } of nodes) {
      const onEnd = (exit: Exit) => {
        nodesLeft -= 1
        print(`Node ${name} ended (${describeExit(exit)}) and is not restarted; nodes left: ${nodesLeft}`)
        if (nodesLeft === 0) resolve('Every node has ended')
      }
      ended.then(onEnd).catch(reject)
    }
    redis?.ended.then(() => resolve('redis-server has ended, and the nodes cannot serve without it')).catch(reject)
  })
}
