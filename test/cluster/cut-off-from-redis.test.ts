import { expect, onTestFinished, test } from 'vitest'
import { defaultDutyIntervals } from '../../src/core/cluster/node-duties.ts'
import { type Client, connect, enter } from '../support/client.ts'
import { FaultProxy } from '../support/fault-proxy.ts'
import { newRoom, startNode, type TestNode } from '../support/node.ts'
import { randomPrefix, redisUrl, startRedis } from '../support/redis.ts'
import { until } from '../support/until.ts'

/** Between the end of the lease (6 s) and that of the window. */
const windowSeconds = 8

/** Two nodes; the first reaches Redis through a proxy. */
async function start(url: string, window: number): Promise<{ nodes: [TestNode, TestNode]; proxy: FaultProxy }> {
  const proxy = await FaultProxy.start()
  proxy.target = Number(new URL(url).port)
  const prefix = randomPrefix()
  const env = { RECONNECT_WINDOW: window, REDIS_PREFIX: prefix }
  const through = (port: number | string) => {
    const address = new URL(url)
    address.port = String(port)
    return startNode({
      redis: { url: address.href, prefix },
      env,
      parts: { intervals: { ...defaultDutyIntervals, trackRoomsMs: 500 } },
    })
  }
  const nodes: [TestNode, TestNode] = [await through(proxy.port), await through(new URL(url).port)]
  onTestFinished(async () => {
    await proxy.pass()
    await Promise.all(nodes.map((node) => node.close()))
  })
  return { nodes, proxy }
}

const loginClients = (node: TestNode, room: string, count: number): Promise<Client[]> =>
  Promise.all(Array.from({ length: count }, () => enter(node.url, { room })))

/** The status of a new client's handshake. */
async function handshake({ url }: TestNode): Promise<number> {
  return (await fetch(`${url}/socket.io/?EIO=4&transport=polling`)).status
}

async function refusals({ app }: TestNode, reason: string): Promise<number> {
  const { values } = await app.metrics.refused.get()
  return values.find(({ labels }) => labels.reason === reason)?.value ?? 0
}

const leavesSeenBy = (client: Client) => client.seen.filter(({ data }) => JSON.stringify(data)?.includes('"leave"'))

test('a node that is cut off from Redis closes its clients, so that they resume on another within their windows', {
  timeout: 60_000,
}, async () => {
  const { nodes, proxy } = await start(redisUrl(), windowSeconds)
  const [cutOff, healthy] = nodes
  const room = newRoom()
  const [observer] = await loginClients(healthy, room, 1)
  const clients = await loginClients(cutOff, room, 6)
  await Promise.all(clients.map((client) => client.whenConfirmed()))
  await proxy.refuse()
  // client libraries reconnect after this reason
  const reasons = await Promise.all(clients.map((client) => client.closed))
  expect(reasons).toEqual(reasons.map(() => 'transport close'))
  expect(await refusals(cutOff, 'cut_off')).toBe(clients.length)
  expect(await handshake(cutOff)).toBe(503)
  expect(await refusals(cutOff, 'cut_off')).toBe(clients.length + 1)

  await observer?.ask('text', { to: 'all', message: 'meanwhile' })
  for (const { ticket, seq } of clients) {
    const back = await connect(healthy.url)
    expect(await back.relogin({ ticket, seq })).toMatchObject({ complete: true })
    expect((await back.next('text')).data).toMatchObject({ message: 'meanwhile' })
  }
  await observer?.barrier()
  expect(observer && leavesSeenBy(observer)).toEqual([])

  await proxy.pass()
  await until(async () => (await handshake(cutOff)) === 200)
})

test('when Redis hangs for all nodes for longer than an evacuation takes, no connection is closed and no participant leaves', {
  timeout: 60_000,
}, async () => {
  const redis = await startRedis()
  onTestFinished(() => redis.stop())
  const { nodes } = await start(redis.url, windowSeconds)
  const room = newRoom()
  const clients = (await Promise.all(nodes.map((node) => loginClients(node, room, 2)))).flat()
  const enteredAt = performance.now()
  await until(async () => performance.now() - enteredAt > 1500) // the nodes list each other every 500 ms
  redis.pause()
  for (const node of nodes) await until(async () => (await handshake(node)) === 503)
  const cutOffAt = performance.now()
  await until(async () => performance.now() - cutOffAt > windowSeconds * 500 + 1000)
  redis.resume()
  for (const node of nodes) await until(async () => (await handshake(node)) === 200)
  for (const client of clients) {
    await client.barrier()
    expect(leavesSeenBy(client)).toEqual([])
  }
  for (const { logs } of nodes) {
    expect(logs.lines.some(({ msg }) => msg.startsWith('the other nodes are cut off from Redis too'))).toBe(true)
    expect(logs.lines.filter(({ msg, reason }) => msg === 'connection closed' && reason === 'cut_off')).toEqual([])
  }
})

test.runIf(process.env.SIGNALBOX_SOAK === '1')(
  'without a reconnect window, a node that is cut off closes its clients soon after its lease expires',
  {
    timeout: 60_000,
  },
  async () => {
    const { nodes, proxy } = await start(redisUrl(), 0)
    const room = newRoom()
    const [client] = await loginClients(nodes[0], room, 1)
    await proxy.refuse()
    expect(await client?.closed).toBe('transport close')
    await enter(nodes[1].url, { room })
  },
)
