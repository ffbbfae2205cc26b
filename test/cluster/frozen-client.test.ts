import { once } from 'node:events'
import { connect as connectTcp, type Socket } from 'node:net'
import { Redis } from 'ioredis'
import { expect, onTestFinished, test } from 'vitest'
import { keysOf } from '../../src/state/redis/keys.ts'
import { rawWebSocket } from '../support/abuse/raw-web-socket.ts'
import { connect } from '../support/client.ts'
import { freezeClient } from '../support/frozen-client.ts'
import { startProcesses } from '../support/process.ts'
import { randomPrefix, redisUrl } from '../support/redis.ts'
import { until } from '../support/until.ts'

/** Far more than the kernel keeps for a client that does not read. */
const unreadBytes = 20_000_000
const drainSeconds = 2
/** What main.ts allows beyond the drain before it ends the process by force. */
const graceMs = 15_000

test('a node with frozen clients exits on SIGTERM in time with code 0, and releases its lease', {
  timeout: 90_000,
}, async () => {
  const prefix = randomPrefix()
  const env = { DRAIN_SECONDS: drainSeconds, MAX_BUFFERED_BYTES: 4 * unreadBytes, LOG_LEVEL: 'info' }
  const [node, other] = await startProcesses(2, { redisUrl: redisUrl(), prefix, env })
  if (!node || !other) throw new Error('No nodes')
  const redis = new Redis(redisUrl())
  onTestFinished(() => redis.disconnect())
  const { nodes, waiting } = keysOf(prefix)
  expect(await redis.zcard(nodes)).toBe(2)

  await Promise.all([freezeClient(node.url, 'c'), freezeClient(node.url, 'c')])
  const sender = await connect(node.url, { namespace: '/exchanger' })
  await sender.request('joinStream', { channelName: 'c' })
  const offer = { channelName: 'c', sessionDescriptor: 'x'.repeat(60_000) }
  for (let sent = 0; sent < unreadBytes; sent += 60_000) await sender.request('offer', offer)
  await openIncomplete(node.url)

  const signaledAt = performance.now()
  node.kill('SIGTERM')
  expect(await node.exited).toEqual({ code: 0, signal: null })
  expect(performance.now() - signaledAt).toBeLessThan(drainSeconds * 1000 + graceMs)
  expect(node.output()).not.toContain('a part of the shutdown')
  expect(await redis.zcard(nodes)).toBe(1)
  // the three participants are in their windows, where they may resume on any node
  await until(async () => (await redis.zcard(waiting)) === 3)
})

/** Opens connections whose request or handshake never completes. */
async function openIncomplete(url: string): Promise<void> {
  const { hostname, port } = new URL(url)
  const beginnings = [
    '',
    'GET / HTTP/1.1\r\n',
    'POST /socket.io/?EIO=4&transport=polling HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\n1',
    'GET /elsewhere HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n',
  ]
  const sockets = beginnings.map((text) => {
    const socket = connectTcp({ port: Number(port), host: hostname, allowHalfOpen: true })
    socket.write(text)
    return socket
  })
  await Promise.all(sockets.map((socket) => once(socket, 'connect')))
  for (const socket of [...sockets, await rawWebSocket(url)]) keepOpen(socket)
}

function keepOpen(socket: Socket): void {
  socket.on('error', () => {}).pause()
  onTestFinished(() => void socket.destroy())
}
