import { randomBytes } from 'node:crypto'
import { ConfigError, type Environment, readConfig } from '../../config/index.ts'

/** Where the load balancer and the nodes of a local cluster listen. Port 0 stands for any free port. */
export type ClusterPlan = { host: string; loadBalancerPort: number; nodes: NodePlan[] }

/** `opsPort` 0: the node serves the operations endpoints on its main port. */
type NodePlan = { name: string; opsPort: number; environment: Environment }

/** The names of the nodes are letters. */
export const maxNodes = 26

/**
 * Makes an environment for each node from the given one, with consecutive ports, and with a random secret unless one is set.
 * @throws ConfigError
 */
export function planCluster(environment: Environment, count: number): ClusterPlan {
  const { NODE_URL: _ofSingleNode, ...given } = environment
  const shared = { ...given, SIGNALBOX_SECRET: given.SIGNALBOX_SECRET || randomBytes(32).toString('hex') }
  const { host, port, opsPort } = readConfig({ ...shared, NODE_ID: 'a' })
  const ports = consecutive(port, count)
  const opsPorts = consecutive(opsPort, count)
  const loadBalancerPort = port && port - 1
  const mistakes = mistakesIn(port === 0 ? [] : [loadBalancerPort, ...ports], opsPort === 0 ? [] : opsPorts)
  if (mistakes.length > 0) throw new ConfigError(mistakes)
  const nodes = ports.map((port, index) => {
    const name = String.fromCharCode('a'.charCodeAt(0) + index)
    const ops = opsPorts[index] ?? 0
    const own = { NODE_ID: name, PORT: String(port), OPS_PORT: String(ops) }
    const url = port ? { NODE_URL: `http://${reachable(host)}:${port}` } : {}
    return { name, opsPort: ops, environment: { ...shared, ...own, ...url } }
  })
  return { host, loadBalancerPort, nodes }
}

/** The address at which this machine reaches its own listener, in the form for URLs. */
export function reachable(host: string): string {
  if (host === '0.0.0.0') return '127.0.0.1'
  if (host === '::') return '[::1]'
  return host.includes(':') ? `[${host}]` : host
}

function consecutive(first: number, count: number): number[] {
  return Array.from({ length: count }, (_, index) => (first === 0 ? 0 : first + index))
}

/** The ports are those to listen on, without port 0 for a free one. */
function mistakesIn(ports: number[], opsPorts: number[]): string[] {
  const overlap = ports.filter((port) => opsPorts.includes(port))
  return [
    ...(ports[0] === 0 ? ['PORT: expected 2 or more, because the load balancer listens on PORT-1'] : []),
    ...([...ports, ...opsPorts].some((port) => port > 65535)
      ? ['PORT, OPS_PORT: a port of the last node is above 65535']
      : []),
    ...(overlap.length > 0 ? [`PORT, OPS_PORT: the ranges overlap at ${overlap.join(', ')}`] : []),
  ]
}
