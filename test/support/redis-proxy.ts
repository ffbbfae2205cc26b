import { connect, createServer, type Server, type Socket } from 'node:net'
import { Redis } from 'ioredis'
import { freePorts } from './ports.ts'
import { type RedisGroup, startRedis, startRedisCluster, until } from './redis.ts'

/** How the way to a Redis server may fail. The server itself lives, and its own address always leads to it. */
export type RedisProxy = {
  url: string
  /** How many connections were asked for so far. */
  readonly attempts: number
  /** Open connections lead nowhere from now on, and are not closed; new ones are as ever. @param name those of this name only */
  halfOpen(name?: string): void
  /** Open connections are closed, and new ones are refused. */
  refuse(): Promise<void>
  /** Open connections are closed, and new ones as soon as they are made. */
  slam(): void
  /** New connections lead to the server. */
  accept(): Promise<void>
}

export type ProxiedRedis = {
  mode: 'standalone' | 'cluster'
  urls: string[]
  /** The servers themselves, for those who look on. */
  servers: { url: string }[]
  proxies: RedisProxy[]
  /** The same with each proxy. */
  each(act: (proxy: RedisProxy) => unknown): Promise<void>
  stop(): Promise<void>
}

/** A Redis of its own behind proxies, one for each server. */
export async function startProxiedRedis(mode: ProxiedRedis['mode']): Promise<ProxiedRedis> {
  const group: RedisGroup = mode === 'cluster' ? await startRedisCluster() : await alone()
  const proxies = await Promise.all(group.servers.map(({ port }) => startRedisProxy(port)))
  if (mode === 'cluster') await announce(group.servers, proxies)
  const each: ProxiedRedis['each'] = async (act) => {
    await Promise.all(proxies.map(act))
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

async function alone(): Promise<RedisGroup> {
  const server = await startRedis()
  return { urls: [server.url], servers: [server], stop: () => server.stop() }
}

/** Resolves when the whole cluster tells clients the addresses of the proxies. */
async function announce(servers: { url: string }[], proxies: RedisProxy[]): Promise<void> {
  const admins = servers.map(({ url }) => new Redis(url))
  const ports = proxies.map(({ url }) => new URL(url).port)
  for (const [index, admin] of admins.entries()) {
    await admin.config('SET', 'cluster-announce-port', ports[index] ?? '')
  }
  const told = async (admin: Redis) => {
    const ranges = (await admin.call('CLUSTER', 'SLOTS')) as [number, number, [string, number]][]
    return ranges.every(([, , [, port]]) => ports.includes(`${port}`))
  }
  await until(async () => (await Promise.all(admins.map(told))).every(Boolean))
  for (const admin of admins) admin.disconnect()
}

async function startRedisProxy(target: number): Promise<RedisProxy> {
  const [port = 0] = await freePorts(1)
  const pairs = new Map<Socket, { server: Socket; said: string }>()
  let [attempts, slamming] = [0, false]
  const listener = createServer((client) => {
    attempts += 1
    client.on('error', () => {})
    if (slamming) client.destroy()
    else join(client, connect(target, '127.0.0.1'), pairs)
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
      for (const [client, { server, said }] of pairs) {
        if (said.includes(name)) for (const socket of [client, server]) socket.pause()
      }
    },
    refuse: async () => {
      const closed = close(listener)
      cut()
      await closed
    },
    slam: () => {
      slamming = true
      cut()
    },
    accept: async () => {
      slamming = false
      await listen(listener, port)
    },
  }
}

/** Forwards what both sides say, and notes what the client says at first: the name of its connection is in it. */
function join(client: Socket, server: Socket, pairs: Map<Socket, { server: Socket; said: string }>): void {
  const pair = { server, said: '' }
  pairs.set(client, pair)
  for (const [from, to] of [
    [client, server],
    [server, client],
  ] as const) {
    from.setNoDelay(true)
    from.on('data', (bytes) => {
      if (from === client && pair.said.length < 2000) pair.said += bytes.toString('latin1')
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
