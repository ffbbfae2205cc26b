import { Redis } from 'ioredis'
import { expect, onTestFinished, test } from 'vitest'
import { roomIdOf } from '../../src/core/model.ts'
import { keysOf } from '../../src/state/redis/keys.ts'
import { mesh } from '../integration/media.ts'
import { type Client, connect, enter } from '../support/client.ts'
import { dialectDrivers, enterBy, receivedBy } from '../support/dialect-drivers.ts'
import { newRoom, startCluster, type TestNode } from '../support/node.ts'
import { startProcesses } from '../support/process.ts'
import { randomPrefix, redisUrl, until } from '../support/redis.ts'
import { startTcpProxy } from '../support/tcp-proxy.ts'

const cuts = 24

/** Says texts and signaling, each with its number, a few at a time, until it is stopped. */
function talk(speaker: Client, subscription: string, to: string) {
  let over = false
  const run = async () => {
    const say = async (number: number) => {
      const signaling = { type: 'candidate' as const, number }
      await Promise.all([
        speaker.ask('text', { to: 'all', message: `${number}` }),
        speaker.ask('soac', { id: subscription, to, signaling }),
      ])
    }
    for (let number = 0; ; number += 4) {
      await Promise.all([1, 2, 3, 4].map((step) => say(number + step)))
      if (over) return number + 4
    }
  }
  const said = run()
  return () => {
    over = true
    return said
  }
}

/** The server closes the connection behind what it has written: nothing is on its way then. */
function closeAtServer(nodes: TestNode[], { socket }: Client): void {
  for (const { app } of nodes) app.io.sockets.sockets.get(socket.id ?? '')?.conn.close()
}

test('a client that cannot name its seq receives everything, and signaling only once', {
  timeout: 60_000,
}, async () => {
  const nodes = await startCluster(3, { redis: true, env: { RECONNECT_WINDOW: 8 } })
  const [first, second] = nodes
  const room = newRoom()
  const speaker = await enter(first?.url ?? '', { room })
  let listener = await enter(second?.url ?? '', { room })
  const { id } = listener
  const { id: stream } = await speaker.ask('publish', {
    media: { tracks: [{ type: 'audio', source: 'mic' }] },
    transport: mesh,
  })
  const subscribed = await listener.ask('subscribe', {
    media: { tracks: [{ type: 'audio', from: stream }] },
    transport: mesh,
  })
  const stop = talk(speaker, subscribed.id, id)
  onTestFinished(() => void stop())

  const connections = [listener]
  for (let cut = 1; cut <= cuts; cut += 1) {
    for (let heard = 0; heard < 1 + (cut % 5); heard += 1) await listener.next('text')
    closeAtServer(nodes, listener)
    await listener.closed
    const again = await connect(nodes[cut % nodes.length]?.url ?? '')
    expect(await again.relogin(listener.ticket)).toBe(again.ticket)
    listener = again
    connections.push(again)
  }
  const last = await stop()
  await listener.barrier()

  const seen = connections.flatMap((connection) => connection.seen)
  const texts = seen.flatMap(({ event, data }) => (event === 'text' ? (data as { message: string }).message : []))
  const heard = texts.map(Number).filter((number) => !Number.isNaN(number))
  expect(new Set(heard)).toEqual(new Set(Array.from({ length: last }, (_, index) => index + 1)))
  expect([...new Set(heard)]).toEqual([...new Set(heard)].toSorted((a, b) => a - b))
  const signaled = seen.flatMap(({ event, data }) => {
    const { status, data: signaling } = data as { status?: string; data?: { number: number } }
    return event === 'progress' && status === 'soac' ? (signaling?.number ?? []) : []
  })
  expect(signaled.length).toBeGreaterThan(cuts)
  expect(signaled).toEqual([...new Set(signaled)])
})

test('a client that cannot name its seq receives what its killed node could not deliver, and nothing that it had confirmed', {
  timeout: 60_000,
}, async () => {
  const [url, prefix] = [redisUrl(), randomPrefix()]
  const [doomed, survivor] = await startProcesses(2, { redisUrl: url, prefix, env: { RECONNECT_WINDOW: 20 } })
  if (!doomed || !survivor) throw new Error('No nodes')
  const redis = new Redis(url)
  onTestFinished(() => redis.disconnect())
  const proxy = await startTcpProxy(doomed)
  const swallowed = dialectDrivers.flatMap((driver) =>
    ['websocket', 'polling'].map((transport) => ({ driver, transport })),
  )
  const talks = await Promise.all(
    swallowed.map(async ({ driver, transport }) => {
      const room = newRoom()
      const ann = await enterBy(driver, proxy, room, { transports: [transport] })
      const bob = await enterBy(driver, survivor, room)
      const say = async (...all: string[]) => {
        for (const messages of all) await driver.send(bob, room, messages, ann)
      }
      await say('1', '2', '3')
      for (let number = 1; number <= 3; number += 1) await ann.next(driver.event)
      const { seq } = ann
      const { participantId, roomId } = JSON.parse(Buffer.from(ann.ticket, 'base64').toString())
      const dialect = driver.namespace.slice(1) || 'portal'
      const ref = keysOf(prefix).session(roomIdOf(dialect, roomId), participantId)
      await until(async () => Number(await redis.hget(ref, 'cursor')) >= seq)
      return { driver, ann, say }
    }),
  )
  proxy.stall('answers')
  await Promise.all(talks.map(({ say }) => say('4', '5', '6')))
  doomed.kill('SIGKILL')
  await doomed.exited
  await Promise.all(
    talks.map(async ({ driver, ann, say }) => {
      const back = await connect(survivor.url, { namespace: driver.namespace })
      await back.relogin(ann.ticket)
      await say('7')
      for (let number = 4; number <= 7; number += 1) await back.next(driver.event)
      expect([driver.name, receivedBy(driver, ann), receivedBy(driver, back)]).toEqual([
        driver.name,
        ['1', '2', '3'],
        ['4', '5', '6', '7'],
      ])
    }),
  )
})
