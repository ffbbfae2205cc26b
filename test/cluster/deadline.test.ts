import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Answer, type Client, connect, enter } from '../support/client.ts'
import { lose, newRoom, startCluster, type TestNode } from '../support/node.ts'
import { type RedisServer, startRedis, startRedisCluster } from '../support/redis.ts'
import { until } from '../support/until.ts'

/** The longest that a request may wait for its answer, ms. */
const maxWaitMs = 5000

/** Two nodes on a Redis of their own. */
type Cluster = { servers: RedisServer[]; nodes: [TestNode, TestNode] }

const topologies: { [name: string]: () => Promise<Cluster> } = {
  'a standalone Redis': async () => start([await startRedis()], {}),
  'a Redis Cluster': async () => start((await startRedisCluster()).servers, { REDIS_MODE: 'cluster' }),
}

async function start(servers: RedisServer[], env: { [option: string]: string }): Promise<Cluster> {
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

/** How many heartbeats a node has sent. It checks its sessions as often. */
async function heartbeatsOf({ app }: TestNode): Promise<number> {
  const { values } = await app.metrics.redisSeconds.get()
  return (
    values.find(({ metricName, labels }) => /count$/.test(metricName ?? '') && labels.operation === 'heartbeat')
      ?.value ?? 0
  )
}

/** Resolves when each node has had time to end the sessions that it does not own any more. */
async function nodesChecked(nodes: TestNode[]): Promise<void> {
  const before = await Promise.all(nodes.map(heartbeatsOf))
  await until(async () =>
    (await Promise.all(nodes.map(heartbeatsOf))).every((now, index) => now > (before[index] ?? 0) + 3),
  )
}

/** Logs clients in on a node and cuts their connections. Their participants are in their windows. */
async function loginAndLose(node: TestNode, count: number, room: string): Promise<Client[]> {
  const clients = await Promise.all(Array.from({ length: count }, () => enter(node.url, { room })))
  await Promise.all(clients.map((client) => client.whenConfirmed()))
  await Promise.all(clients.map((client) => lose(node, client)))
  return clients
}

/** Opens an earlier and a later connection for each client, on different nodes; half of the earlier ones are on each node. */
async function connectTwice(nodes: TestNode[], count: number): Promise<{ earlier: Client[]; later: Client[] }> {
  const on = (n: number) => connect(nodes[n % 2]?.url ?? '')
  const numbers = Array.from({ length: count }, (_, n) => n)
  const [earlier, later] = await Promise.all([Promise.all(numbers.map(on)), Promise.all(numbers.map((n) => on(n + 1)))])
  return { earlier, later }
}

/** Checks that each client receives a message of every client, so that all are in the room over these connections. */
async function expectAllReceive(clients: Client[]): Promise<void> {
  const messages = clients.map((client) => `from ${client.id}`)
  await Promise.all(clients.map((client, n) => client.ask('text', { to: 'all', message: messages[n] ?? '' })))
  for (const client of clients) {
    await until(async () => messages.every((message) => client.seen.some(({ data }) => textOf(data) === message)))
  }
}

const textOf = (data: unknown): unknown => (data as { message?: unknown } | undefined)?.message

describe.each(Object.entries(topologies))('while %s', (_name, start) => {
  let cluster: Cluster
  beforeAll(async () => {
    cluster = await start()
  })
  afterAll(async () => {
    await Promise.all(cluster.nodes.map((node) => node.close()))
    await Promise.all(cluster.servers.map((server) => server.stop()))
  })

  test('hangs, requests are refused within 5 s; repeated after it they are executed once', {
    timeout: 60_000,
  }, async () => {
    const { servers, nodes } = cluster
    const room = newRoom()
    const [ann, bob] = await Promise.all(nodes.map(({ url }) => enter(url, { room })))
    if (!ann || !bob) throw new Error('No clients')
    for (const server of servers) server.pause()
    const send = (n: number, message: string) => timed(ann, 'text', { to: 'all', message }, { rid: n + 1 })
    const numbers = Array.from({ length: 12 }, (_, n) => n)
    const refused = await Promise.all(numbers.map((n) => send(n, `first ${n}`)))
    expect(refused.map(({ code }) => code)).toEqual(numbers.map(() => 'unavailable'))
    expect(Math.max(...refused.map(({ ms }) => ms))).toBeLessThan(maxWaitMs)
    for (const server of servers) server.resume()
    await ann.ask('text', { to: 'all', message: 'between' })
    const repeated = await Promise.all(numbers.map((n) => send(n, `again ${n}`)))
    expect(repeated.map(({ status }) => status)).toEqual(numbers.map(() => 'ok'))
    await bob.barrier()
    const received = bob.seen
      .map(({ data }) => String(textOf(data)))
      .filter((message) => /^(first|between|again)/.test(message))
    expect(received).toEqual(['between', ...numbers.map((n) => `again ${n}`)])
  })

  test('hangs, a relogin that times out on one node does not end a later relogin on another', {
    timeout: 60_000,
  }, async () => {
    const { servers, nodes } = cluster
    const room = newRoom()
    const [first, second] = nodes
    await Promise.all(nodes.map(({ url }) => enter(url, { room }))) // so that both nodes serve the room already
    const lostClients = await loginAndLose(first, 8, room)
    const { earlier, later } = await connectTwice(nodes, lostClients.length)
    for (const server of servers) server.pause()
    const answers = await Promise.all(lostClients.map(({ ticket }, n) => earlier[n]?.request('relogin', ticket)))
    expect(answers.map((answer) => answer?.code)).toEqual(lostClients.map(() => 'unavailable'))
    const relogins = later.map((client, n) => client.relogin(lostClients[n]?.ticket ?? ''))
    await Promise.all(later.map((client) => client.request('no such event'))) // its answer proves that the relogins have arrived
    for (const server of servers) server.resume()
    await Promise.all(relogins)
    await nodesChecked([first, second])
    await expectAllReceive(later)
  })

  test('hangs briefly, the later of two relogins of a client wins, whichever Redis executes first', {
    timeout: 60_000,
  }, async () => {
    const { servers, nodes } = cluster
    const room = newRoom()
    const [first, second] = nodes
    await Promise.all(nodes.map(({ url }) => enter(url, { room }))) // so that both nodes serve the room already
    const lostClients = await loginAndLose(first, 8, room)
    const { earlier, later } = await connectTwice(nodes, lostClients.length)
    for (const server of servers) server.pause()
    for (const [n, client] of earlier.entries()) client.socket.emit('relogin', lostClients[n]?.ticket)
    await Promise.all(earlier.map((client) => client.request('no such event'))) // its answer proves that the relogins have arrived
    for (const client of earlier) client.cut()
    const relogins = later.map((client, n) => client.relogin(lostClients[n]?.ticket ?? ''))
    await Promise.all(later.map((client) => client.request('no such event')))
    for (const server of servers) server.resume()
    await Promise.all(relogins)
    await nodesChecked([first, second])
    await expectAllReceive(later)
  })
})
