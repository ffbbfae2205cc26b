import { RedisClient } from './client.ts'
import { ClusterTopology } from './cluster-topology.ts'
import { type LinkOptions, RedisLink } from './link.ts'
import { noReport, type RedisReport } from './report.ts'
import { SentinelTopology } from './sentinel-topology.ts'
import { type OpenLink, SingleTopology, type Topology, type TopologyEvents } from './topology.ts'

export type RedisMode = 'standalone' | 'sentinel' | 'cluster'

export type RedisTarget = {
  /** `redis://` or `rediss://` URLs: in sentinel mode of the sentinels, in cluster mode of some servers of the cluster. */
  urls: string[]
  mode: RedisMode
  sentinelName?: string
}

/**
 * - `command` executes scripts and commands. After the time-out the node refuses the client's request.
 * - `feed` only subscribes.
 * - `adapter` carries the ephemeral lane, which may lose messages.
 */
export type ConnectionRole = 'command' | 'adapter' | 'feed'

/** How long a sentinel may take to answer, ms, before the next one is asked. */
const sentinelTimeoutMs = 1000

/**
 * Opens a connection for one role; in a Redis Cluster, one to each master. It reconnects by itself until it is closed.
 * @param waits whether a command waits while its connection is down, or is rejected at once
 */
export function connect(
  target: RedisTarget,
  role: ConnectionRole,
  report: RedisReport = noReport,
  waits = true,
): RedisClient {
  const addresses = target.urls.map(parse)
  const [first] = addresses
  if (!first) throw new Error('The list of Redis URLs is empty')
  const { host: _host, port: _port, db, ...credentials } = first
  const shared = { ...credentials, connectionName: `signalbox-${role}` }
  const topologyOf = (events: TopologyEvents): Topology => {
    const open: OpenLink = (address, endpoint, linkEvents) =>
      new RedisLink(address, { ...shared, ...endpoint }, linkEvents, report)
    const [seed = '', ...seeds] = addresses.map(({ host, port }) => `${host}:${port}`)
    if (target.mode === 'cluster') return new ClusterTopology([seed, ...seeds], open, events)
    if (target.mode === 'standalone') {
      return new SingleTopology(seed, { host: first.host, port: first.port, db }, open, events)
    }
    const { sentinelName = '' } = target
    const master = { ...sentinelOptions(sentinelName, addresses), db }
    const openSentinel: OpenLink = (address, endpoint, linkEvents) =>
      new RedisLink(
        address,
        { connectionName: `signalbox-${role}`, ...tlsOf(first), ...endpoint },
        linkEvents,
        noReport,
      )
    return new SentinelTopology(sentinelName, [seed, ...seeds], master, open, openSentinel, events)
  }
  const client = new RedisClient(topologyOf, waits, report.failed)
  client.on('error', () => {})
  return client
}

const tlsOf = ({ tls }: RedisAddress) => (tls ? { tls } : {})

function sentinelOptions(name: string, sentinels: RedisAddress[]): Partial<LinkOptions> {
  const tls = sentinels[0]?.tls
  return {
    sentinels: sentinels.map(({ host, port }) => ({ host, port })),
    name,
    // without these options ioredis connects to the sentinels and to the master without TLS, even if `tls` is set
    ...(tls ? { enableTLSForSentinelMode: true, sentinelTLS: tls } : {}),
    sentinelCommandTimeout: sentinelTimeoutMs,
    sentinelRetryStrategy: () => 250,
  }
}

type RedisAddress = Pick<LinkOptions, 'username' | 'password' | 'tls'> & { host: string; port: number; db: number }

function parse(text: string): RedisAddress {
  const url = new URL(text)
  return {
    host: url.hostname.replace(/^\[|\]$/g, ''),
    port: Number(url.port || 6379),
    db: Number(url.pathname.slice(1) || 0),
    ...(url.username ? { username: decodeURIComponent(url.username) } : {}),
    ...(url.password ? { password: decodeURIComponent(url.password) } : {}),
    ...(url.protocol === 'rediss:' ? { tls: {} } : {}),
  }
}
