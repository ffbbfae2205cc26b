import { describe, expect, test, vi } from 'vitest'
import { sign } from '../../../src/core/auth/keyring.ts'
import { type Client, connect, enter, ok } from '../../support/client.ts'
import { libraries, startWith } from '../../support/client-libraries.ts'
import { newRoom, startCluster, type TestNode, testSecret } from '../../support/node.ts'
import { startRoundRobin } from '../../support/round-robin.ts'
import { until } from '../../support/until.ts'
import { measure } from '../observability/scrape.ts'

/** Clients with long-polling behind a balancer that sends none of their requests to their own node. */

const nodes = await startCluster(3)
const front = await startRoundRobin(() => nodes.map(({ url, config }) => ({ url, name: config.nodeId })))

const total = async (metric: string, labels: { [label: string]: string }, of: TestNode[] = nodes) =>
  (await Promise.all(of.map((node) => measure(node, metric, labels)))).reduce((sum, one) => sum + one)

/**
 * Resolves when the node has no connection. If the node closes a connection between two polls, it waits half a minute for the next
 * poll, and a client whose POST is cut never polls again.
 */
const untilNoConnections = (metric: string) =>
  vi.waitUntil(async () => (await total(metric, {})) === 0, { timeout: 45_000 })

const upgraded = ({ socket }: Client) => until(async () => socket.io.engine.transport.name === 'websocket')

/** Both clients send all texts at once. Resolves when each has received those of the other, in order. */
async function chat(ann: Client, bob: Client): Promise<void> {
  const texts = Array.from({ length: 30 }, (_, number) => `${number}`)
  const sendAll = (from: Client, to: Client) => texts.map((message) => from.request('text', { to: to.id, message }))
  expect(await Promise.all([...sendAll(ann, bob), ...sendAll(bob, ann)])).toEqual([...texts, ...texts].map(() => ok()))
  for (const [from, to] of [
    [ann, bob],
    [bob, ann],
  ] as const) {
    const received: unknown[] = []
    for (const _ of texts) received.push((await to.next('text')).data)
    expect(received).toEqual(texts.map((message) => ({ from: from.id, to: 'me', message })))
  }
}

describe.each(libraries)('socket.io-client %s', (_library, io) => {
  test('polls: it logs in, exchanges texts in order, refreshes its ticket, resumes and logs out', {
    timeout: 120_000,
  }, async () => {
    const before = await total('forwarded_total', { transport: 'polling' })
    const room = newRoom()
    const [ann, bob] = [await startWith(io, front.url, ['polling']), await startWith(io, front.url, ['polling'])]
    await ann.login({ room, user: 'ann' })
    await bob.login({ room, user: 'bob' })
    await chat(ann, bob)
    expect(await total('forwarded_total', { transport: 'polling' })).toBeGreaterThan(before + 10)
    // each client has its connection on one node, whichever nodes received its requests
    expect(await total('connections', { transport: 'polling' })).toBe(2)

    const back = await startWith(io, front.url, ['polling'])
    await back.relogin({ ticket: await ann.ask('refreshReconnectionTicket'), seq: ann.seq })
    expect(await ann.closed).toMatch(/^transport (close|error)$|^io server disconnect$/)
    await chat(back, bob)
    for (const client of [back, bob]) {
      expect(await client.request('logout')).toEqual(ok())
      client.socket.disconnect()
    }
    await untilNoConnections('connections')
    await untilNoConnections('forwarding')
  })

  test('polls first, and then upgrades to a WebSocket through another node', async () => {
    const room = newRoom()
    const bob = await enter(nodes[0]?.url ?? '', { room, user: 'bob' })
    const ann = await startWith(io, front.url, ['polling', 'websocket'])
    await until(async () => (await total('forwarding', { transport: 'websocket' })) === 1)
    await until(async () => (await total('connections', { transport: 'websocket' })) === 2)
    await ann.login({ room, user: 'ann' })
    await bob.next('participant')
    await chat(ann, bob)
    ann.socket.disconnect()
    await untilNoConnections('forwarding')
  })
})

/** A participant with a session on one of two nodes, whose further requests go to the other. */
async function enterThrough(cluster: TestNode[], first: TestNode, room: string, transports: string[]): Promise<Client> {
  const names = cluster.map(({ url, config }) => ({ url, name: config.nodeId }))
  let isFirstSent = false // the balancer sends the first request to `first`, and the others to the other node
  const own = await startRoundRobin(() => {
    const [choice] = names.filter(({ url }) => url === first.url)
    const list = isFirstSent || !choice ? names : [choice]
    isFirstSent = true
    return list
  })
  const client = await connect(own.url, { transports })
  await client.login({ room, user: transports.join() })
  return client
}

test('a draining node serves its own clients that poll through other nodes, and the WebSockets that it forwards are moved by their nodes', async () => {
  const cluster = await startCluster(2, { env: { DRAIN_SECONDS: 1 } })
  const [going, staying] = cluster as [TestNode, TestNode]
  const room = newRoom()
  const through = (first: TestNode, transports: string[]) => enterThrough(cluster, first, room, transports)
  const polling = await through(going, ['polling'])
  const tunnelled = await through(staying, ['polling', 'websocket'])
  await upgraded(tunnelled)
  expect(await measure(going, 'forwarding', { transport: 'websocket' })).toBe(1)
  await until(async () => (await measure(staying, 'forwarding', { transport: 'polling' })) === 1)

  const drained = going.app.drain()
  expect((await polling.next('draining')).data).toEqual({ withinMs: 1000 })
  expect(await polling.request('text', { to: 'all', message: 'still here' })).toEqual(ok())
  expect((await tunnelled.next('text')).data).toMatchObject({ message: 'still here' })
  expect((await tunnelled.next('draining')).data).toEqual({ withinMs: 0 })
  expect(await tunnelled.closed).toBe('transport close')
  expect(await polling.closed).toBe('transport error') // the node answered its poll with 400
  await drained
  const back = await connect(staying.url)
  await back.relogin({ ticket: tunnelled.ticket, seq: tunnelled.seq })
})

test('a client that cannot name its seq receives nothing twice when the node that forwards its WebSocket drains', async () => {
  const cluster = await startCluster(2, { env: { DRAIN_SECONDS: 1 } })
  const [going, staying] = cluster as [TestNode, TestNode]
  const room = newRoom()
  const speaker = await enter(staying.url, { room, user: 'speaker' })
  const client = await enterThrough(cluster, staying, room, ['polling', 'websocket'])
  await upgraded(client)
  let over = false
  const sendAll = async () => {
    for (let number = 1; ; number += 1) {
      await speaker.ask('text', { to: 'all', message: `${number}` })
      if (over) return number
    }
  }
  const saying = sendAll()
  await client.next('text')
  const drained = going.app.drain()
  await client.closed
  const back = await connect(staying.url)
  await back.relogin(client.ticket)
  await drained
  over = true
  const last = await saying
  await back.barrier()
  const received = [...client.seen, ...back.seen].flatMap(({ event, data }) => {
    const { to, message } = data as { to: string; message: string }
    return event === 'text' && to === 'all' ? Number(message) : []
  })
  expect(received).toEqual(Array.from({ length: last }, (_, index) => index + 1))
})

test.each([
  ['a signature of none', (sid: string) => ({ sid, signature: 'none' })],
  ['the signature of another session', (sid: string) => ({ sid, signature: sign([testSecret], 'move', ['other']) })],
  ['a session that is not here', () => ({ sid: 'other', signature: sign([testSecret], 'move', ['other']) })],
])('a request to move a client with %s moves none', async (_what, bodyOf) => {
  const [node] = nodes as [TestNode, ...TestNode[]]
  const client = await enter(node.url, { room: newRoom() })
  const body = JSON.stringify(bodyOf(client.socket.io.engine.id ?? ''))
  const headers = { 'Content-Type': 'application/json' }
  expect((await fetch(`${node.url}/node/move`, { method: 'POST', headers, body })).status).toBe(404)
  expect((await client.barrier()).filter(({ event }) => event === 'draining')).toEqual([])
})

test('a node that ends closes the connections that it forwards, and does not wait for them', async () => {
  const cluster = await startCluster(2)
  const [going, staying] = cluster as [TestNode, TestNode]
  const list = () => cluster.map(({ url, config }) => ({ url, name: config.nodeId }))
  let first = true
  const own = await startRoundRobin(() => {
    const [, second] = list()
    const choice = first && second ? [second] : list()
    first = false
    return choice
  })
  const client = await connect(own.url, { transports: ['polling', 'websocket'] })
  await upgraded(client)
  expect(await measure(going, 'forwarding', { transport: 'websocket' })).toBe(1)
  await going.close()
  expect(await client.closed).toBe('transport close')
  await until(async () => (await measure(staying, 'connections', {})) === 0)
})
