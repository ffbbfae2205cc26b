import { Server as NetServer, type Socket as NetSocket, connect as netConnect } from 'node:net'
import { expect, onTestFailed, onTestFinished, test } from 'vitest'
import { Portal } from '../../src/client/index.ts'
import { newRoom, startCluster, tokenFor } from '../support/node.ts'
import { Random } from '../support/random.ts'

/** A TCP proxy to a node that can reset its connections after any byte. */
type Forwarder = { url: string; cut: () => number }

async function startForwarder(target: string): Promise<Forwarder> {
  const { port } = new URL(target)
  const sockets = new Set<NetSocket>()
  const server = new NetServer((client) => {
    const upstream = netConnect(Number(port), '127.0.0.1')
    for (const [one, other] of [
      [client, upstream],
      [upstream, client],
    ] as const) {
      sockets.add(one)
      one.pipe(other)
      one.on('error', () => {})
      one.on('close', () => {
        sockets.delete(one)
        other.destroy()
      })
    }
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const cut = () => {
    const open = [...sockets]
    sockets.clear()
    for (const socket of open) {
      if (socket.connecting) socket.destroy()
      else socket.resetAndDestroy()
    }
    return open.length
  }
  onTestFinished(() => {
    cut()
    server.close()
  })
  const address = server.address()
  return { url: `http://127.0.0.1:${typeof address === 'object' && address ? address.port : 0}`, cut }
}

const cuts = 300

test('after 300 cuts across three nodes every request has been executed once, and every notification has arrived once and in order', async () => {
  const random = new Random()
  onTestFailed(() => console.error(`Repeat with SIGNALBOX_SEED=${random.seed}`))
  const nodes = await startCluster(3, { env: { MESSAGES_PER_SECOND: 1000, MESSAGE_BURST: 5000 } })
  const room = newRoom()
  const parts = { random: () => random.next() }
  let fail = (_error: Error) => {}
  /** Rejects when a session ends, which none may before the end of the test. */
  const failure = new Promise<never>((_, reject) => {
    fail = reject
  })
  failure.catch(() => {})
  const clients = await Promise.all(
    ['ann', 'bea', 'cid'].map(async (user) => {
      const forwarders = await Promise.all(nodes.map(({ url }) => startForwarder(url)))
      const portal = new Portal({
        url: forwarders.map(({ url }) => url),
        parts,
        backOff: { baseMs: 20, capMs: 200 },
        rateLimit: { perSecond: 1000, burst: 1000 },
      })
      onTestFinished(() => portal.close())
      const received: string[] = []
      const seqs: number[] = []
      portal.on('text', ({ message }, { seq }) => {
        received.push(String(message))
        seqs.push(seq)
      })
      await portal.login(tokenFor({ room, user }))
      portal.on('closed', ({ code, message }) => fail(new Error(`${user}: ${code} ${message}`)))
      return { portal, forwarders, received, seqs, sent: [] as string[], reconnects: 0, user }
    }),
  )
  const urls = new Set<string>()
  const connections = new Set<string | undefined>()
  for (const client of clients) {
    client.portal.on('reconnected', ({ from, to }) => {
      client.reconnects += 1
      urls.add(to.url)
      connections.add(from?.id)
    })
    client.portal.on('resync', () => expect.fail('nothing may be missing'))
  }

  const acks: Promise<unknown>[] = []
  let ackCount = 0
  let onAck = () => {}
  const acked = () => {
    ackCount += 1
    onAck()
  }
  const nextAck = () =>
    new Promise<void>((resolve) => {
      onAck = resolve
    })
  const send = (client: (typeof clients)[number]) => {
    const message = `${client.user} ${client.sent.length}`
    client.sent.push(message)
    acks.push(client.portal.text('all', message).then(acked, fail))
  }
  for (let cut = 0; cut < cuts; ) {
    for (const client of clients) while (client.portal.pending < 6 && client.portal.state !== 'closed') send(client)
    // some cuts happen while requests are in flight, others after some acks, others during a relogin
    const until = ackCount + random.pick([0, 1, 2, 5, 9])
    while (ackCount < until) await Promise.race([failure, nextAck()])
    const client = random.pick(clients)
    if (client.forwarders.map((forwarder) => forwarder.cut()).some((open) => open > 0)) cut += 1
    // a client without a connection is between two attempts, or between two polls after its WebSocket was cut
    await Promise.race([failure, new Promise((resolve) => setImmediate(resolve))])
  }
  await Promise.all(acks)
  expect(ackCount).toBe(acks.length)
  await Promise.all(clients.map(({ portal }) => portal.text('all', 'end')))

  const all = clients.flatMap(({ sent }) => sent).toSorted()
  await expect
    .poll(() => clients.map(({ received }) => received.filter((message) => message === 'end').length), {
      timeout: 10_000,
    })
    .toEqual([3, 3, 3])
  for (const { received, seqs, portal } of clients) {
    expect(received.filter((message) => message !== 'end').toSorted()).toEqual(all)
    expect(seqs).toEqual(seqs.toSorted((one, other) => one - other))
    expect(portal.pending).toBe(0)
    for (const { user, sent } of clients) {
      expect(received.filter((message) => message.startsWith(`${user} `))).toEqual(sent)
    }
  }
  const [first, ...others] = clients
  for (const { received } of others) expect(received).toEqual(first?.received)
  expect(clients.reduce((sum, { reconnects }) => sum + reconnects, 0)).toBeGreaterThan(cuts / 3)
  expect(urls.size).toBe(9)
  expect([...connections]).not.toContain('')
}, 60_000)
