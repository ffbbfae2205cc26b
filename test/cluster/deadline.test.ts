import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Answer, type Client, connect, enter } from '../support/client.ts'
import { lose, newRoom, startCluster, type TestNode } from '../support/node.ts'
import { type RedisServer, startRedis, startRedisCluster, until } from '../support/redis.ts'

/** How long an answer may take, ms, whatever the request needs and whatever it waits for. */
const longestWaitMs = 5000

/** Two nodes on a Redis of their own. */
type Scene = { servers: RedisServer[]; nodes: [TestNode, TestNode] }

const topologies: { [name: string]: () => Promise<Scene> } = {
  'a standalone Redis': async () => start([await startRedis()], {}),
  'a Redis Cluster': async () => start((await startRedisCluster()).servers, { REDIS_MODE: 'cluster' }),
}

async function start(servers: RedisServer[], env: { [option: string]: string }): Promise<Scene> {
  const url = servers.map((server) => server.url).join()
  const nodes = await startCluster(2, { redis: { url }, env: { ...env, RECONNECT_WINDOW: 30 } })
  return { servers, nodes: nodes as [TestNode, TestNode] }
}

/** The answer, and how long it took, ms. */
async function timed(client: Client, event: string, ...args: unknown[]): Promise<Answer & { ms: number }> {
  const sentAt = performance.now()
  const answer = await client.request(event, ...args)
  return { ...answer, ms: performance.now() - sentAt }
}

/** How many heartbeats a node has sent; it checks its places as often. */
async function beatsOf({ app }: TestNode): Promise<number> {
  const { values } = await app.metrics.redisSeconds.get()
  return (
    values.find(({ metricName, labels }) => /count$/.test(metricName ?? '') && labels.operation === 'heartbeat')
      ?.value ?? 0
  )
}

/** Resolves when each node has had time to end what is not its own. */
async function checked(nodes: TestNode[]): Promise<void> {
  const before = await Promise.all(nodes.map(beatsOf))
  await until(async () => (await Promise.all(nodes.map(beatsOf))).every((now, index) => now > (before[index] ?? 0) + 3))
}

/** Participants on the first node whose connections were cut; they are in their windows. */
async function lost(node: TestNode, count: number, room: string): Promise<Client[]> {
  const clients = await Promise.all(Array.from({ length: count }, () => enter(node.url, { room })))
  await Promise.all(clients.map((client) => client.whenConfirmed()))
  await Promise.all(clients.map((client) => lose(node, client)))
  return clients
}

/** Two new connections for each client, half of the older ones on the one node and half on the other. */
async function reconnected(nodes: TestNode[], count: number): Promise<{ stale: Client[]; fresh: Client[] }> {
  const on = (n: number) => connect(nodes[n % 2]?.url ?? '')
  const numbers = Array.from({ length: count }, (_, n) => n)
  const [stale, fresh] = await Promise.all([Promise.all(numbers.map(on)), Promise.all(numbers.map((n) => on(n + 1)))])
  return { stale, fresh }
}

/** Everyone is told what everyone says: so they are all in the room, over the connections that they have now. */
async function allHear(clients: Client[]): Promise<void> {
  const said = clients.map((client) => `from ${client.id}`)
  await Promise.all(clients.map((client, n) => client.ask('text', { to: 'all', message: said[n] ?? '' })))
  for (const client of clients) {
    await until(async () => said.every((message) => client.seen.some(({ data }) => textOf(data) === message)))
  }
}

const textOf = (data: unknown): unknown => (data as { message?: unknown } | undefined)?.message

describe.each(Object.entries(topologies))('%s', (_name, start) => {
  let scene: Scene
  beforeAll(async () => {
    scene = await start()
  })
  afterAll(async () => {
    await Promise.all(scene.nodes.map((node) => node.close()))
    await Promise.all(scene.servers.map((server) => server.stop()))
  })

  test('hangs: requests are refused within 5 s, executed once when they are repeated, and never late', {
    timeout: 60_000,
  }, async () => {
    const { servers, nodes } = scene
    const room = newRoom()
    const [ann, bob] = await Promise.all(nodes.map(({ url }) => enter(url, { room })))
    if (!ann || !bob) throw new Error('No clients')
    for (const server of servers) server.pause()
    const ask = (n: number, message: string) => timed(ann, 'text', { to: 'all', message }, { rid: n + 1 })
    const numbers = Array.from({ length: 12 }, (_, n) => n)
    const refused = await Promise.all(numbers.map((n) => ask(n, `first ${n}`)))
    expect(refused.map(({ code }) => code)).toEqual(numbers.map(() => 'unavailable'))
    expect(Math.max(...refused.map(({ ms }) => ms))).toBeLessThan(longestWaitMs)
    for (const server of servers) server.resume()
    await ann.ask('text', { to: 'all', message: 'between' })
    const again = await Promise.all(numbers.map((n) => ask(n, `again ${n}`)))
    expect(again.map(({ status }) => status)).toEqual(numbers.map(() => 'ok'))
    await bob.barrier()
    const heard = bob.seen
      .map(({ data }) => String(textOf(data)))
      .filter((message) => /^(first|between|again)/.test(message))
    expect(heard).toEqual(['between', ...numbers.map((n) => `again ${n}`)])
  })

  test('hangs: a relogin that timed out on one node does not end the later relogin on another', {
    timeout: 60_000,
  }, async () => {
    const { servers, nodes } = scene
    const room = newRoom()
    const [first, second] = nodes
    await Promise.all(nodes.map(({ url }) => enter(url, { room }))) // so that a relogin asks for its place at once
    const tired = await lost(first, 8, room)
    const { stale, fresh } = await reconnected(nodes, tired.length)
    for (const server of servers) server.pause()
    const given = await Promise.all(tired.map(({ ticket }, n) => stale[n]?.request('relogin', ticket)))
    expect(given.map((answer) => answer?.code)).toEqual(tired.map(() => 'unavailable'))
    const back = fresh.map((client, n) => client.relogin(tired[n]?.ticket ?? ''))
    await Promise.all(fresh.map((client) => client.request('no such event'))) // so the relogins have arrived
    for (const server of servers) server.resume()
    await Promise.all(back)
    await checked([first, second])
    await allHear(fresh)
  })

  test('hangs briefly: of two relogins of a client the later wins, whichever Redis executes first', {
    timeout: 60_000,
  }, async () => {
    const { servers, nodes } = scene
    const room = newRoom()
    const [first, second] = nodes
    await Promise.all(nodes.map(({ url }) => enter(url, { room }))) // so that a relogin asks for its place at once
    const tired = await lost(first, 8, room)
    const { stale, fresh } = await reconnected(nodes, tired.length)
    for (const server of servers) server.pause()
    for (const [n, client] of stale.entries()) client.socket.emit('relogin', tired[n]?.ticket)
    await Promise.all(stale.map((client) => client.request('no such event'))) // so the relogins have arrived
    for (const client of stale) client.cut()
    const back = fresh.map((client, n) => client.relogin(tired[n]?.ticket ?? ''))
    await Promise.all(fresh.map((client) => client.request('no such event')))
    for (const server of servers) server.resume()
    await Promise.all(back)
    await checked([first, second])
    await allHear(fresh)
  })
})
