import { type Command, CommandError, readArgs, UsageError } from '../command.ts'
import { type LocalCluster, startLocalCluster } from '../local-cluster/index.ts'
import { maxNodes } from '../local-cluster/plan.ts'

export const cluster: Command = {
  usage: '[--nodes 3]',
  summary:
    'runs a cluster on this machine, to try it: nodes on PORT, PORT+1, …, one Redis, and a round-robin load balancer on PORT-1',
  async run(args, { environment, program, print }) {
    const { values } = readArgs(args, { nodes: { type: 'string', default: '3' } })
    const interrupted = interruption()
    const starting = startLocalCluster({ nodes: nodeCountOf(values.nodes), environment, program, print })
    const cluster = await Promise.race([starting, interrupted])
    if (cluster === undefined) process.exit(0) // the child processes end with this process
    print(bannerOf(cluster))
    const failure = await Promise.race([cluster.failed, interrupted])
    if (failure === undefined) print('Stopping…')
    await cluster.stop()
    if (failure !== undefined) throw new CommandError(failure)
  },
}

/** Package managers send a Ctrl-C again that the terminal has already sent to this process. Within this time, ms, both count as one. */
const repeatedSignalMs = 500

/** Resolves at the first SIGINT or SIGTERM. The second one ends this process, and with it all others, at once. */
function interruption(): Promise<undefined> {
  return new Promise((resolve) => {
    let firstAt: number | undefined
    const onSignal = () => {
      firstAt ??= performance.now()
      if (performance.now() - firstAt > repeatedSignalMs) process.exit(130)
      resolve(undefined)
    }
    process.on('SIGINT', onSignal)
    process.on('SIGTERM', onSignal)
  })
}

function nodeCountOf(text: string): number {
  const count = Number(text)
  if (Number.isInteger(count) && count >= 1 && count <= maxNodes) return count
  throw new UsageError(`--nodes: expected a number from 1 to ${maxNodes}, not ${text}`)
}

function bannerOf({ url, nodes, redis }: LocalCluster): string {
  const addresses = nodes.map((node) => `${node.name} at ${node.url} (pid ${node.pid})`)
  const store = redis ? [`redis-server at ${redis.url} (pid ${redis.pid})`] : []
  return `The cluster is at ${url}: ${[...addresses, ...store].join(', ')}. Ctrl-C ends it.`
}
