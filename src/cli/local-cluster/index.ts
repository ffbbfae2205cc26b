import type { Environment } from '../../config/index.ts'
import { CommandError } from '../command.ts'
import { describeExit, type Exit } from './child-process.ts'
import { Front, type Upstream } from './load-balancer.ts'
import { type ClusterNode, type StartingNode, startNode } from './node-process.ts'
import { type ClusterPlan, planCluster, reachable } from './plan.ts'
import { type PrivateRedis, startPrivateRedis } from './redis-server.ts'

type ClusterOptions = {
  nodes: number
  environment: Environment
  /** How `signalbox` is started: the executable and its arguments up to the command's name. */
  program: readonly [string, ...string[]]
  say: (line: string) => void
}

/** Several nodes, a Redis and a front on this machine. */
export type LocalCluster = {
  url: string
  nodes: ClusterNode[]
  /** Unless one was given. */
  redis?: PrivateRedis
  /** Resolves to the reason when it cannot serve any more; not when `end` was called. */
  failed: Promise<string>
  /** The nodes first, then Redis. What does not end in time is killed. */
  end: () => Promise<void>
}

/** How long a node may take to let its clients go, ms. */
const startTimeoutMs = 10_000

/** @throws ConfigError, CommandError; nothing runs then. Should this process end, all of it ends too. */
export async function startLocalCluster(options: ClusterOptions): Promise<LocalCluster> {
  const { environment, program, say } = options
  const plan = planCluster(environment, options.nodes)
  const running: { redis?: PrivateRedis; nodes: StartingNode[]; front?: Front } = { nodes: [] }
  const kill = () => {
    for (const child of [...running.nodes, running.redis]) child?.kill()
  }
  let ending = false
  const end = async () => {
    ending = true
    await running.front?.close()
    await Promise.all(running.nodes.map(({ stop }) => stop('SIGINT', startTimeoutMs)))
    await running.redis?.stop()
    process.off('exit', kill)
  }
  process.on('exit', kill)
  try {
    if (!environment.REDIS_URL) running.redis = await startPrivateRedis()
    const redis = running.redis ? { REDIS_URL: running.redis.url } : {}
    running.nodes = plan.nodes.map((node) => startNode(node.name, program, { ...node.environment, ...redis }, say))
    const nodes = await Promise.all(running.nodes.map(({ up }) => up))
    running.front = new Front(upstreamsOf(plan, nodes))
    const port = await listen(running.front, plan)
    const failed = watch(nodes, running.redis, (line) => ending || say(line))
    const own = running.redis ? { redis: running.redis } : {}
    return { url: `http://localhost:${port}`, nodes, ...own, failed, end }
  } catch (error) {
    await end()
    throw error
  }
}

async function listen(front: Front, { frontPort, host }: ClusterPlan): Promise<number> {
  return front.listen(frontPort, host).catch((error: Error) => {
    throw new CommandError(`The front cannot listen on port ${frontPort}: ${error.message}`, { cause: error })
  })
}

function upstreamsOf({ host, nodes: plans }: ClusterPlan, nodes: ClusterNode[]): Upstream[] {
  return nodes.map(({ name, url }, index) => {
    const port = Number(new URL(url).port)
    const readyUrl = `http://${reachable(host)}:${plans[index]?.opsPort || port}/readyz`
    return { name, host: reachable(host).replace(/^\[|\]$/g, ''), port, readyUrl }
  })
}

/** Says when a node is gone; nobody starts it again. */
function watch(nodes: ClusterNode[], redis: PrivateRedis | undefined, say: (line: string) => void): Promise<string> {
  let left = nodes.length
  return new Promise((resolve, reject) => {
    for (const { name, ended } of nodes) {
      const gone = (exit: Exit) => {
        left -= 1
        say(`Node ${name} is gone (${describeExit(exit)}) and is not started again; nodes left: ${left}`)
        if (left === 0) resolve('No node is left')
      }
      ended.then(gone).catch(reject)
    }
    redis?.ended.then(() => resolve('redis-server is gone, and nothing can be served without it')).catch(reject)
  })
}
