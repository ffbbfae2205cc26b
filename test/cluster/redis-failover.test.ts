import { expect, onTestFinished, test } from 'vitest'
import { Portal, type Resync } from '../../src/client/index.ts'
import { connect, enter as enterPlain } from '../support/client.ts'
import { newRoom, startCluster, type TestNode, tokenFor } from '../support/node.ts'
import { startRedisPair } from '../support/redis-pair.ts'
import { until } from '../support/until.ts'

type TestClient = { portal: Portal; received: string[]; seqs: number[]; resyncs: Resync[]; leaves: string[] }

/** A client of the SDK that logs in on one node and may resume on any. */
async function enter(nodes: TestNode[], first: number, room: string, user: string): Promise<TestClient> {
  const urls = [...nodes.slice(first), ...nodes.slice(0, first)].map(({ url }) => url)
  const portal = new Portal({ url: urls, backOff: { baseMs: 20, capMs: 200 }, parts: { random: () => 0 } })
  onTestFinished(() => portal.close())
  const client: TestClient = { portal, received: [], seqs: [], resyncs: [], leaves: [] }
  portal.on('text', ({ message }, { seq }) => {
    client.received.push(String(message))
    client.seqs.push(seq)
  })
  portal.on('participant', ({ action, data }) => {
    if (action === 'leave') client.leaves.push(String(data))
  })
  portal.on('resync', (resync) => client.resyncs.push(resync))
  await portal.login(tokenFor({ room, user }))
  return client
}

const untilAllReceived = (clients: TestClient[], message: string) =>
  until(async () => clients.every(({ received }) => received.includes(message)))

/** Closes the connections of these nodes. Resolves when the clients have resumed with their tickets. */
async function cutConnections(nodes: TestNode[], clients: TestClient[]): Promise<void> {
  const reconnected = clients.map(({ portal }) => new Promise((resolve) => portal.on('reconnected', resolve)))
  for (const { app } of nodes) for (const socket of app.io.of('/').sockets.values()) socket.conn.close()
  await Promise.all(reconnected)
}

/** The users in the room, from the roster of a new login. */
async function usersIn(nodes: TestNode[], room: string): Promise<string[]> {
  const client = new Portal({ url: nodes[0]?.url ?? '' })
  const joined = await client.login(tokenFor({ room, user: 'guest' }))
  await client.logout()
  return joined.room.participants.map(({ user }) => user).toSorted()
}

/** Sends one message after the other until it is stopped. */
class Flow {
  /** The acked messages, in the order of sending. */
  readonly acked: string[] = []
  #stopped = false
  readonly #ended: Promise<void>

  constructor(portal: Portal, name: string) {
    this.#ended = this.#run(portal, name)
  }

  /** The number of messages that were acked so far. */
  ackCount(): number {
    return this.acked.length
  }

  stop(): Promise<void> {
    this.#stopped = true
    return this.#ended
  }

  async #run(portal: Portal, name: string): Promise<void> {
    for (let n = 0; !this.#stopped; n += 1) {
      const message = `${name}: ${n}`
      const acked = await portal.text('all', message).then(
        () => true,
        () => false, // refused as `unavailable` during the outage
      )
      if (acked) this.acked.push(message)
    }
  }
}

/** Checks that all clients receive a message of each client once. */
async function expectDelivery(clients: TestClient[], topic: string): Promise<void> {
  await Promise.all(clients.map(({ portal }, index) => portal.text('all', `${topic} ${index}`)))
  for (const index of clients.keys()) await untilAllReceived(clients, `${topic} ${index}`)
  for (const { received, seqs } of clients) {
    expect(received.filter((message) => message.startsWith(`${topic} `))).toHaveLength(clients.length)
    expect(new Set(seqs).size).toBe(seqs.length)
  }
}

async function start(window = 60) {
  const redis = await startRedisPair()
  const nodes = await startCluster(3, { redis: { url: redis.url }, env: { RECONNECT_WINDOW: window } })
  const room = newRoom()
  const clients = await Promise.all(['ann', 'bob', 'cem'].map((user, index) => enter(nodes, index, room, user)))
  return { redis, nodes, room, clients: clients as [TestClient, TestClient, TestClient] }
}

test('after a failover to a replica that lacks the newest messages, later acked messages arrive everywhere once', async () => {
  const { redis, clients } = await start()
  const [ann, bob, cem] = clients
  await ann.portal.text('all', 'kept')
  await untilAllReceived(clients, 'kept')
  await redis.stopReplication()
  for (const message of ['lost 1', 'lost 2', 'lost 3']) await bob.portal.text('all', message)
  await untilAllReceived(clients, 'lost 3')

  redis.failOver()
  for (let n = 1; n <= 10; n += 1) await (n % 2 ? ann : cem).portal.text('all', `after ${n}`)
  await untilAllReceived(clients, 'after 10')
  for (const { received, seqs, resyncs } of clients) {
    const after = Array.from({ length: 10 }, (_, n) => `after ${n + 1}`)
    expect(received).toEqual(['kept', 'lost 1', 'lost 2', 'lost 3', ...after])
    expect(new Set(seqs).size).toBe(seqs.length)
    expect(seqs).toEqual(seqs.toSorted((a, b) => a - b))
    // they have received messages that are lost, and are notified of that
    expect(resyncs).toHaveLength(1)
    expect(resyncs[0]?.room).toMatchObject({ participants: expect.any(Array) })
  }
})

test('a login, a relogin, a new ticket and a logout that the replica lacks are restored', async () => {
  const { redis, nodes, room, clients } = await start(2)
  const [ann, bob, cem] = clients
  const closed: unknown[] = []
  const fay = await enterPlain(nodes[0]?.url ?? '', { room, user: 'fay' })
  await expectDelivery(clients, 'before')
  await redis.stopReplication()
  const dan = await enter(nodes, 2, room, 'dan')
  const stay = [ann, bob, dan]
  for (const { portal } of stay) portal.on('closed', (error) => closed.push(error))
  await cutConnections(nodes.slice(1, 2), [bob])
  await cem.portal.logout()
  await until(async () => stay.every(({ leaves }) => leaves.includes(cem.portal.id)))
  const { data: ticket } = await fay.request('refreshReconnectionTicket')

  redis.failOver()
  await fay.closed // because she has received entries that are lost
  const again = await connect(nodes[1]?.url ?? '')
  expect(await again.relogin({ ticket: String(ticket), seq: fay.seq })).toMatchObject({ complete: false })
  await expectDelivery(stay, 'after')
  await cutConnections(nodes, stay)
  const third = await connect(nodes[2]?.url ?? '')
  await third.relogin(again.ticket)
  await expectDelivery(stay, 'back')
  // the failover brought cem back, and the cluster removes him again
  await until(async () => !(await usersIn(nodes, room)).includes('cem'))
  expect(await usersIn(nodes, room)).toEqual(['ann', 'bob', 'dan', 'fay', 'guest'])
  expect(closed).toEqual([])
})

for (const how of ['flush', 'replace'] as const) {
  test(`when Redis returns empty (${how}) no client has to log in again`, async () => {
    const { redis, nodes, room, clients } = await start()
    const closed: unknown[] = []
    for (const { portal } of clients) portal.on('closed', (error) => closed.push(error))
    const flows = clients.map(({ portal }, index) => new Flow(portal, `${index}`))
    await until(async () => flows.every(({ acked }) => acked.length > 5))
    await redis[how]()
    const ackCounts = flows.map((flow) => flow.ackCount())
    await until(async () => flows.every(({ acked }, index) => acked.length > (ackCounts[index] ?? 0) + 20))
    await Promise.all(flows.map((flow) => flow.stop()))
    // a message that was in flight then may have been acked before, and be lost
    const after = flows.flatMap(({ acked }, index) => acked.slice((ackCounts[index] ?? 0) + 1))
    await until(async () => clients.every(({ received }) => after.every((message) => received.includes(message))))
    await expectDelivery(clients, 'after')
    for (const { received } of clients)
      expect(received.filter((message) => after.includes(message))).toHaveLength(after.length)
    for (const { resyncs } of clients) expect(resyncs.length).toBeGreaterThan(0)
    await cutConnections(nodes, clients)
    await expectDelivery(clients, 'back')
    expect(await usersIn(nodes, room)).toEqual(['ann', 'bob', 'cem', 'guest'])
    expect(closed).toEqual([])
  })
}
