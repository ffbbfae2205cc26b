import { connect, createServer, type Server, type Socket } from 'node:net'
import { Redis } from 'ioredis'
import { freePorts } from './ports.ts'
import { type RedisGroup, startRedis, startRedisCluster } from './redis.ts'
import { until } from './until.ts'

/** A TCP proxy to a Redis server, with the faults of a network. The server keeps running, and its own address works. */
export type RedisProxy = {
  url: string
  /** Number of connections that clients have opened so far. */
  readonly attempts: number
  /** Stops forwarding on open connections without closing them; new ones work. @param name only connections with this name */
  halfOpen(name?: string): void
  /** Closes open connections, and refuses new ones. */
  refuse(): Promise<void>
  /** Closes open connections, and new ones as soon as it has accepted them. */
  closeAccepted(): void
  /** Forwards new connections to the server. */
  accept(): Promise<void>
}

export type ProxiedRedis = {
  mode: 'standalone' | 'cluster'
  urls: string[]
  /** The servers themselves, for observers that bypass the proxies. */
  servers: { url: string }[]
  proxies: RedisProxy[]
  /** Calls a function with each proxy. */
  each(run: (proxy: RedisProxy) => unknown): Promise<void>
  stop(): Promise<void>
}

/** Starts a private Redis with a proxy for each server. */
export async function startProxiedRedis(mode: ProxiedRedis['mode']): Promise<ProxiedRedis> {
  const group: RedisGroup = mode === 'cluster' ? await startRedisCluster() : await startStandalone()
  const proxies = await Promise.all(group.servers.map(({ port }) => startRedisProxy(port)))
  if (mode === 'cluster') await announce(group.servers, proxies)
  const each: ProxiedRedis['each'] = async (run) => {
    await Promise.all(proxies.map(run))
  }
  return {
    mode,
    urls: proxies.map(({ url }) => url),
    servers: group.servers,
    proxies,
    each,
    stop: async () => {
      await each((proxy) => proxy.refuse())
      await group.stop()
    },
  }
}

async function startStandalone(): Promise<RedisGroup> {
  const server = await startRedis()
  return { urls: [server.url], servers: [server], stop: () => server.stop() }
}

/** Resolves when every server of the cluster sends clients the addresses of the proxies. */
async function announce(servers: { url: string }[], proxies: RedisProxy[]): Promise<void> {
  const admins = servers.map(({ url }) => new Redis(url))
  const ports = proxies.map(({ url }) => new URL(url).port)
  for (const [index, admin] of admins.entries()) {
    await admin.config('SET', 'cluster-announce-port', ports[index] ?? '')
  }
  const announced = async (admin: Redis) => {
    const ranges = (await admin.call('CLUSTER', 'SLOTS')) as [number, number, [string, number]][]
    return ranges.every(([, , [, port]]) => ports.includes(`${port}`))
  }
  await until(async () => (await Promise.all(admins.map(announced))).every(Boolean))
  for (const admin of admins) admin.disconnect()
}

async function startRedisProxy(target: number): Promise<RedisProxy> {
  const [port = 0] = await freePorts(1)
  const pairs = new Map<Socket, { server: Socket; firstBytes: string }>()
  let [attempts, closing] = [0, false]
  const listener = createServer((client) => {
    attempts += 1
    client.on('error', () => {})
    if (closing) client.destroy()
    else forward(client, connect(target, '127.0.0.1'), pairs)
  })
  const cut = () => {
    for (const [client, { server }] of pairs) for (const socket of [client, server]) socket.destroy()
  }
  await listen(listener, port)
  return {
    url: `redis://127.0.0.1:${port}`,
    get attempts() {
      return attempts
    },
    halfOpen: (name = '') => {
      for (const [client, { server, firstBytes }] of pairs) {
        if (firstBytes.includes(name)) for (const socket of [client, server]) socket.pause()
      }
    },
    refuse: async () => {
      const closed = close(listener)
      cut()
      await closed
    },
    closeAccepted: () => {
      closing = true
      cut()
    },
    accept: async () => {
      closing = false
      await listen(listener, port)
    },
  }
}

/** Forwards both directions, and records the client's first bytes, which contain the name of its connection. */
function forward(client: Socket, server: Socket, pairs: Map<Socket, { server: Socket; firstBytes: string }>): void {
  const pair = { server, firstBytes: '' }
  pairs.set(client, pair)
  for (const [from, to] of [
    [client, server],
    [server, client],
  ] as const) {
    from.setNoDelay(true)
    from.on('data', (bytes) => {
      if (from === client && pair.firstBytes.length < 2000) pair.firstBytes += bytes.toString('latin1')
      to.write(bytes)
    })
    from.on('error', () => to.destroy())
    from.on('close', () => {
      pairs.delete(client)
      if (!to.isPaused()) to.destroy()
    })
  }
}

function listen(server: Server, port: number): Promise<void> {
  if (server.listening) return Promise.resolve()
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, '127.0.0.1', resolve)
  })
}

function close(server: Server): Promise<unknown> {
  return server.listening ? new Promise((resolve) => server.close(resolve)) : Promise.resolve()
}
