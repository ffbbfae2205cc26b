import { randomBytes } from 'node:crypto'
import { ConfigError, type Environment, readConfig } from '../../config/index.ts'

/** Where everything of a cluster on one machine listens; a port of 0 is any free one. */
export type ClusterPlan = { host: string; frontPort: number; nodes: NodePlan[] }

/** `opsPort` 0: on the node's own port. */
type NodePlan = { name: string; opsPort: number; environment: Environment }

/** Nodes are named by letters. */
export const maxNodes = 26

/**
 * One environment for each node: the given one, with ports that follow one another, and a secret if there is none.
 * @throws ConfigError
 */
export function planCluster(environment: Environment, count: number): ClusterPlan {
  const { NODE_URL: _ofOneNode, ...given } = environment
  const shared = { ...given, SIGNALBOX_SECRET: given.SIGNALBOX_SECRET || randomBytes(32).toString('hex') }
  const { host, port, opsPort } = readConfig({ ...shared, NODE_ID: 'a' })
  const ports = spread(port, count)
  const opsPorts = spread(opsPort, count)
  const frontPort = port && port - 1
  const mistakes = mistakesIn(port === 0 ? [] : [frontPort, ...ports], opsPort === 0 ? [] : opsPorts)
  if (mistakes.length > 0) throw new ConfigError(mistakes)
  const nodes = ports.map((port, index) => {
    const name = String.fromCharCode('a'.charCodeAt(0) + index)
    const ops = opsPorts[index] ?? 0
    const own = { NODE_ID: name, PORT: String(port), OPS_PORT: String(ops) }
    const url = port ? { NODE_URL: `http://${reachable(host)}:${port}` } : {}
    return { name, opsPort: ops, environment: { ...shared, ...own, ...url } }
  })
  return { host, frontPort, nodes }
}

/** The address at which this machine reaches a listener of its own, as it stands in a URL. */
export function reachable(host: string): string {
  if (host === '0.0.0.0') return '127.0.0.1'
  if (host === '::') return '[::1]'
  return host.includes(':') ? `[${host}]` : host
}

function spread(first: number, count: number): number[] {
  return Array.from({ length: count }, (_, index) => (first === 0 ? 0 : first + index))
}

/** Port 0 is right where it was asked for, and no such port is given here. */
function mistakesIn(ports: number[], opsPorts: number[]): string[] {
  const twice = ports.filter((port) => opsPorts.includes(port))
  return [
    ...(ports[0] === 0 ? ['PORT: expected 2 or more, because the front is on PORT-1'] : []),
    ...([...ports, ...opsPorts].some((port) => port > 65535) ? ['PORT, OPS_PORT: the last node is above 65535'] : []),
    ...(twice.length > 0 ? [`PORT, OPS_PORT: used twice: ${twice.join(', ')}`] : []),
  ]
}
