import { Cluster, type RedisOptions as IoredisOptions, Redis } from 'ioredis'

export type RedisMode = 'standalone' | 'sentinel' | 'cluster'

export type RedisTarget = {
  /** `redis://` or `rediss://`; in sentinel mode the sentinels, in cluster mode some of the nodes. */
  urls: string[]
  mode: RedisMode
  sentinelName?: string
}

/**
 * - `command` fails fast: what cannot be done within seconds is refused, and the client told.
 * - `adapter` never fails: @socket.io/redis-adapter catches nothing, so a rejection would end the process. What it cannot
 *   send while Redis is away is dropped; its lane may lose.
 * - `feed` only subscribes; it comes back by itself, and what it missed is read from the logs.
 */
export type ConnectionRole = 'command' | 'adapter' | 'feed'

/** Without the option that decides the type of every reply. */
type RedisOptions = Omit<IoredisOptions, 'replyMapping'>

export type RedisClient = Redis | Cluster

/** How long a command may take, ms, before its request is refused as `unavailable`. */
const commandTimeout = 4000

const roles: { [role in ConnectionRole]: RedisOptions } = {
  command: { maxRetriesPerRequest: 8, commandTimeout },
  adapter: { maxRetriesPerRequest: null },
  feed: { maxRetriesPerRequest: null, commandTimeout, autoResubscribe: false },
}

/** Opens one connection (per node of a cluster) for one role. It reconnects by itself until it is closed. */
export function connect(target: RedisTarget, role: ConnectionRole): RedisClient {
  const addresses = target.urls.map(parse)
  const [first] = addresses
  if (!first) throw new Error('No Redis address')
  const { host: _host, port: _port, db, ...credentials } = first
  const options: RedisOptions = {
    ...credentials,
    ...roles[role],
    connectionName: `signalbox-${role}`,
    retryStrategy: (attempt) => Math.min(20 * 2 ** Math.min(attempt, 6), 1000) * (0.75 + Math.random() / 2),
    // after a failover the old master answers READONLY: connect anew and send the command again
    reconnectOnError: (error) => (error.message.startsWith('READONLY') ? 2 : false),
  }
  if (target.mode === 'cluster') return quiet(connectCluster(addresses, role, options), role)
  const place =
    target.mode === 'sentinel'
      ? {
          sentinels: addresses.map(({ host, port }) => ({ host, port })),
          name: target.sentinelName ?? '',
          // without these ioredis would speak plain TCP to both the sentinels and the master, whatever `tls` says
          ...(first.tls ? { enableTLSForSentinelMode: true, sentinelTLS: first.tls } : {}),
        }
      : { host: first.host, port: first.port }
  return quiet(new Redis({ ...options, ...place, ...sentinelOptions, db }), role)
}

const sentinelOptions: RedisOptions = {
  sentinelRetryStrategy: () => 250,
  // a master that was replaced takes writes for some seconds more, and they are lost: leave it as soon as that is told
  failoverDetector: true,
  sentinelReconnectStrategy: () => 1000,
}

function connectCluster(addresses: Address[], role: ConnectionRole, options: RedisOptions): Cluster {
  const { retryStrategy: _perNode, ...redisOptions } = options
  return new Cluster(
    addresses.map(({ host, port }) => ({ host, port })),
    {
      redisOptions,
      shardedSubscribers: role === 'feed',
      clusterRetryStrategy: (attempt) => Math.min(100 * attempt, 1000),
      retryDelayOnFailover: 200,
      retryDelayOnClusterDown: 200,
      slotsRefreshTimeout: 2000,
    },
  )
}

/**
 * An error event is news, not an accident: who cares listens too. Of what the adapter asks nothing rejects, because it looks
 * at none of its promises: to publish while Redis is away is to lose, and what is not subscribed to at the end need not be.
 */
function quiet(client: RedisClient, role: ConnectionRole): RedisClient {
  client.on('error', () => {})
  if (role !== 'adapter') return client
  const publish = client.publish.bind(client)
  const lossy = async (channel: string | Buffer, message: string | Buffer) => {
    if (client.status !== 'ready') return 0
    return publish(channel, message).catch(() => 0)
  }
  const calm = (command: 'subscribe' | 'psubscribe' | 'unsubscribe' | 'punsubscribe') => {
    const call = client[command].bind(client) as (...args: unknown[]) => Promise<unknown>
    return { [command]: (...args: unknown[]) => call(...args).catch(() => undefined) }
  }
  const listening = [calm('subscribe'), calm('psubscribe'), calm('unsubscribe'), calm('punsubscribe')]
  return Object.assign(client, { publish: lossy }, ...listening)
}

type Address = Pick<RedisOptions, 'username' | 'password' | 'tls'> & { host: string; port: number; db: number }

function parse(text: string): Address {
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
