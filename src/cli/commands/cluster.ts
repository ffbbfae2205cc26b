import { type Command, CommandError, readOptions, UsageError } from '../command.ts'
import { type LocalCluster, startLocalCluster } from '../local-cluster/index.ts'
import { maxNodes } from '../local-cluster/plan.ts'

export const cluster: Command = {
  usage: '[--nodes 3]',
  summary: 'for trying it on one machine: nodes on PORT, PORT+1, …, one Redis, and a round-robin front on PORT-1',
  async run(args, { environment, program, print }) {
    const nodes = countOf(readOptions(args, { nodes: { type: 'string', default: '3' } }).nodes)
    const interrupted = interruption()
    const started = await Promise.race([startLocalCluster({ nodes, environment, program, say: print }), interrupted])
    if (started === undefined) process.exit(0) // what runs by now ends with this process
    print(banner(started))
    const failure = await Promise.race([started.failed, interrupted])
    if (failure === undefined) print('Ending…')
    await started.end()
    if (failure !== undefined) throw new CommandError(failure)
  },
}

/** Package managers pass on a Ctrl-C that the terminal has told this process already: within this time, ms, it is one. */
const repeatedKeyMs = 500

/** Resolves at the first SIGINT or SIGTERM. The second ends this process at once, and all others with it. */
function interruption(): Promise<undefined> {
  return new Promise((resolve) => {
    let first: number | undefined
    const take = () => {
      first ??= performance.now()
      if (performance.now() - first > repeatedKeyMs) process.exit(130)
      resolve(undefined)
    }
    process.on('SIGINT', take)
    process.on('SIGTERM', take)
  })
}

function countOf(text: string): number {
  const count = Number(text)
  if (Number.isInteger(count) && count >= 1 && count <= maxNodes) return count
  throw new UsageError(`--nodes: expected a number from 1 to ${maxNodes}, not ${text}`)
}

function banner({ url, nodes, redis }: LocalCluster): string {
  const places = nodes.map((node) => `${node.name} at ${node.url} (pid ${node.pid})`)
  const store = redis ? [`redis-server at ${redis.url} (pid ${redis.pid})`] : []
  return `The cluster is at ${url}: ${[...places, ...store].join(', ')}. Ctrl-C ends it.`
}
