import { Redis } from 'ioredis'
import { expect, onTestFinished, test } from 'vitest'
import { roomIdOf } from '../../src/core/model.ts'
import { keysOf } from '../../src/state/redis/keys.ts'
import { type Client, connect, enter } from '../support/client.ts'
import { dialectDrivers, enterBy, receivedBy } from '../support/dialect-drivers.ts'
import { mesh } from '../support/media.ts'
import { newRoom, startCluster, type TestNode } from '../support/node.ts'
import { startProcesses } from '../support/process.ts'
import { randomPrefix, redisUrl } from '../support/redis.ts'
import { startTcpProxy } from '../support/tcp-proxy.ts'
import { until } from '../support/until.ts'

const cuts = 24

/** Sends numbered texts and signaling, four at a time. @returns a function that stops it and resolves to the last number */
function startSending(sender: Client, subscription: string, to: string) {
  let stopped = false
  const run = async () => {
    const send = async (number: number) => {
      const signaling = { type: 'candidate' as const, number }
      await Promise.all([
        sender.ask('text', { to: 'all', message: `${number}` }),
        sender.ask('soac', { id: subscription, to, signaling }),
      ])
    }
    for (let number = 0; ; number += 4) {
      await Promise.all([1, 2, 3, 4].map((step) => send(number + step)))
      if (stopped) return number + 4
    }
  }
  const sending = run()
  return () => {
    stopped = true
    return sending
  }
}

/** Closes the connection on the server, after the server has written everything. */
function closeAtServer(nodes: TestNode[], { socket }: Client): void {
  for (const { app } of nodes) app.io.sockets.sockets.get(socket.id ?? '')?.conn.close()
}

test('a client that resumes without its seq receives each text at least once, and signaling at most once', {
  timeout: 60_000,
}, async () => {
  const nodes = await startCluster(3, { redis: true, env: { RECONNECT_WINDOW: 8 } })
  const [first, second] = nodes
  const room = newRoom()
  const sender = await enter(first?.url ?? '', { room })
  let receiver = await enter(second?.url ?? '', { room })
  const { id } = receiver
  const { id: stream } = await sender.ask('publish', {
    media: { tracks: [{ type: 'audio', source: 'mic' }] },
    transport: mesh,
  })
  const subscribed = await receiver.ask('subscribe', {
    media: { tracks: [{ type: 'audio', from: stream }] },
    transport: mesh,
  })
  const stop = startSending(sender, subscribed.id, id)
  onTestFinished(() => void stop())

  const connections = [receiver]
  for (let cut = 1; cut <= cuts; cut += 1) {
    for (let received = 0; received < 1 + (cut % 5); received += 1) await receiver.next('text')
    closeAtServer(nodes, receiver)
    await receiver.closed
    const resumed = await connect(nodes[cut % nodes.length]?.url ?? '')
    expect(await resumed.relogin(receiver.ticket)).toBe(resumed.ticket)
    receiver = resumed
    connections.push(resumed)
  }
  const last = await stop()
  await receiver.barrier()

  const seen = connections.flatMap((connection) => connection.seen)
  const texts = seen.flatMap(({ event, data }) => (event === 'text' ? (data as { message: string }).message : []))
  const received = texts.map(Number).filter((number) => !Number.isNaN(number))
  expect(new Set(received)).toEqual(new Set(Array.from({ length: last }, (_, index) => index + 1)))
  expect([...new Set(received)]).toEqual([...new Set(received)].toSorted((a, b) => a - b))
  const signaled = seen.flatMap(({ event, data }) => {
    const { status, data: signaling } = data as { status?: string; data?: { number: number } }
    return event === 'progress' && status === 'soac' ? (signaling?.number ?? []) : []
  })
  expect(signaled.length).toBeGreaterThan(cuts)
  expect(signaled).toEqual([...new Set(signaled)])
})

test('a client that resumes without its seq receives what its killed node could not deliver, and nothing that it had confirmed', {
  timeout: 60_000,
}, async () => {
  const [url, prefix] = [redisUrl(), randomPrefix()]
  const [victim, survivor] = await startProcesses(2, { redisUrl: url, prefix, env: { RECONNECT_WINDOW: 20 } })
  if (!victim || !survivor) throw new Error('No nodes')
  const redis = new Redis(url)
  onTestFinished(() => redis.disconnect())
  const proxy = await startTcpProxy(victim)
  const cases = dialectDrivers.flatMap((driver) => ['websocket', 'polling'].map((transport) => ({ driver, transport })))
  const pairs = await Promise.all(
    cases.map(async ({ driver, transport }) => {
      const room = newRoom()
      const ann = await enterBy(driver, proxy, room, { transports: [transport] })
      const bob = await enterBy(driver, survivor, room)
      const send = async (...all: string[]) => {
        for (const messages of all) await driver.send(bob, room, messages, ann)
      }
      await send('1', '2', '3')
      for (let number = 1; number <= 3; number += 1) await ann.next(driver.event)
      const { seq } = ann
      const { participantId, roomId } = JSON.parse(Buffer.from(ann.ticket, 'base64').toString())
      const dialect = driver.namespace.slice(1) || 'portal'
      const ref = keysOf(prefix).session(roomIdOf(dialect, roomId), participantId)
      await until(async () => Number(await redis.hget(ref, 'cursor')) >= seq)
      return { driver, ann, send }
    }),
  )
  proxy.stall('answers')
  await Promise.all(pairs.map(({ send }) => send('4', '5', '6')))
  victim.kill('SIGKILL')
  await victim.exited
  await Promise.all(
    pairs.map(async ({ driver, ann, send }) => {
      const resumed = await connect(survivor.url, { namespace: driver.namespace })
      await resumed.relogin(ann.ticket)
      await send('7')
      for (let number = 4; number <= 7; number += 1) await resumed.next(driver.event)
      expect([driver.name, receivedBy(driver, ann), receivedBy(driver, resumed)]).toEqual([
        driver.name,
        ['1', '2', '3'],
        ['4', '5', '6', '7'],
      ])
    }),
  )
})
