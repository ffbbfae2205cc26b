import { once } from 'node:events'
import type { Socket } from 'node:net'
import { describe, expect, onTestFinished, test } from 'vitest'
import { WebSocket } from 'ws'
import { batchOf, frameOf, opcodes, rawWebSocket } from '../../support/abuse/raw-web-socket.ts'
import { startNode, type TestNode } from '../../support/node.ts'
import { until } from '../../support/until.ts'

/** The limits of a WebSocket below Engine.IO: its frames, and the pongs of the node. */

const slow = { MESSAGES_PER_SECOND: 20, MESSAGE_BURST: 10 }
const unlimited = { MESSAGES_PER_SECOND: 1_000_000, MESSAGE_BURST: 1_000_000 }

type ServerSide = { socket: { bufferedAmount: number; isPaused: boolean; _socket: Socket } }

/** The node's side of its only connection. */
function serverSide({ app }: TestNode): ServerSide['socket'] {
  const { clients } = app.io.engine as unknown as { clients: { [sid: string]: { transport: ServerSide } } }
  const [client] = Object.values(clients)
  if (!client) throw new Error('No client')
  return client.transport.socket
}

async function raw(node: TestNode, query?: string): Promise<Socket> {
  const socket = await rawWebSocket(node.url, query === undefined ? {} : { query })
  onTestFinished(() => void socket.destroy())
  return socket
}

/** The reasons of all refusals, in the order of the log. */
const reasons = ({ logs }: TestNode) =>
  logs.lines.flatMap(({ msg, reason }) => (msg === 'disconnected' ? [] : (reason ?? [])))

async function sendAll(socket: Socket, batch: Buffer, times: number): Promise<void> {
  for (let n = 0; n < times; n += 1) if (!socket.write(batch)) await once(socket, 'drain')
}

test('a client that sends pings and does not read has one pong on its way, and the latest ping is answered', async () => {
  const node = await startNode({ env: unlimited })
  const client = await raw(node)
  client.pause()
  const pings = batchOf(frameOf(opcodes.ping, 'x'.repeat(125)))
  // far more than the kernel buffers for a client that does not read
  await sendAll(client, pings, 640)
  await sendAll(client, frameOf(opcodes.ping, 'latest'), 1)
  const { _socket: socket } = serverSide(node)
  await until(async () => socket.bytesRead >= client.bytesWritten - 300)
  expect(serverSide(node).bufferedAmount).toBeLessThan(1000)
  const answered = new Promise<void>((resolve) => {
    client.on('data', (data) => {
      if (data.includes('latest')) resolve()
    })
  })
  client.resume()
  await answered
})

test('pings that arrive one after the other are all answered', async () => {
  const node = await startNode()
  const client = new WebSocket(`${node.url.replace('http', 'ws')}/socket.io/?EIO=4&transport=websocket`)
  await once(client, 'open')
  for (const data of ['', 'a', 'b'.repeat(125)]) {
    client.ping(data)
    expect(String((await once(client, 'pong'))[0])).toBe(data)
  }
  client.terminate()
})

const kinds: [string, Buffer, Buffer][] = [
  ['pings', Buffer.alloc(0), frameOf(opcodes.ping)],
  ['pongs', Buffer.alloc(0), frameOf(opcodes.pong, 'x')],
  ['empty fragments', frameOf(opcodes.text), frameOf(opcodes.continuation)],
  ['fragments', frameOf(opcodes.text, '4'), frameOf(opcodes.continuation, 'x')],
]

describe.each([
  ['in no namespace', 'EIO=4&transport=websocket'],
  ['of the protocol’s revision 3', 'EIO=3&transport=websocket'],
])('a client %s', (_what, query) => {
  test.each(kinds)('that sends many %s is read slower, and this is counted', async (_kind, first, frame) => {
    const node = await startNode({ env: slow })
    const client = await raw(node, query)
    const { isPaused } = serverSide(node)
    expect(isPaused).toBe(false)
    client.write(first)
    await sendAll(client, Buffer.concat(Array.from({ length: 400 }, () => frame)), 1)
    await until(async () => serverSide(node).isPaused)
    expect(reasons(node)).toEqual(['flood'])
    await until(async () => !serverSide(node).isPaused)
  })
})

test('a client that sends a frame in very many pieces is read slower', async () => {
  const node = await startNode({ env: slow })
  const client = await raw(node)
  client.write(frameOf(opcodes.text, 'x'.repeat(5000)).subarray(0, 8))
  const { _socket: socket } = serverSide(node)
  for (let n = 0; n < 4000 && reasons(node).length === 0; n += 1) {
    const read = once(socket, 'data')
    client.write('x')
    await read
  }
  expect(reasons(node)).toEqual(['flood'])
})

const twoBatchesOf = (frame: Buffer) => Buffer.concat([batchOf(frame), batchOf(frame)])

test.each([
  ['more fragments than a message may have', twoBatchesOf(frameOf(opcodes.continuation)), 'frame_too_large'],
  ['a compressed frame', frameOf(opcodes.lastText | 0x40, 'x'), 'bad_packet'],
  ['an unknown opcode', frameOf(0x83), 'bad_packet'],
  ['a frame without a mask', Buffer.from([opcodes.ping, 0]), 'bad_packet'],
  ['a fragment of nothing', frameOf(opcodes.continuation), 'bad_packet'],
] as const)('a client that sends %s is disconnected, and this is counted', async (what, frames, reason) => {
  const node = await startNode({ env: unlimited })
  const client = await raw(node)
  const closed = once(client.resume(), 'close')
  if (what.startsWith('more')) client.write(frameOf(opcodes.text))
  client.end(frames)
  await closed
  expect(reasons(node)).toEqual([reason])
})

test('a connection that the node has closed is cut if its client continues to send', async () => {
  const node = await startNode({ env: slow })
  const client = await raw(node)
  const cut = new Promise((resolve) => client.resume().once('close', resolve))
  client.write(frameOf(opcodes.lastText, 'no packet'))
  await until(async () => reasons(node).includes('bad_packet'))
  client.write(batchOf(frameOf(opcodes.pong)))
  await cut
  expect(reasons(node)).toEqual(['bad_packet', 'flood'])
})

test('a WebSocket is limited before its upgrade from long-polling is complete', async () => {
  const node = await startNode({ env: slow })
  const { sid } = JSON.parse((await (await fetch(`${node.url}/socket.io/?EIO=4&transport=polling`)).text()).slice(1))
  const client = await raw(node, `EIO=4&transport=websocket&sid=${sid}`)
  client.write(batchOf(frameOf(opcodes.ping)))
  await until(async () => reasons(node).length > 0)
  expect(reasons(node)).toEqual(['flood'])
})

test('a client that would have to wait too long is disconnected', async () => {
  const node = await startNode({ env: { MESSAGES_PER_SECOND: 1, MESSAGE_BURST: 1 } })
  const client = await raw(node)
  const closed = once(client.resume(), 'close')
  client.write(batchOf(frameOf(opcodes.ping)))
  await closed
  expect(reasons(node)).toEqual(['flood'])
})

test('other clients are served between any two of many small messages that arrive in one read', async () => {
  const node = await startNode({ env: unlimited })
  const [attacker, other] = [await raw(node), await raw(node)]
  const answers = [attacker, other].map((socket) => once(socket, 'data'))
  for (const socket of [attacker, other]) socket.write(frameOf(opcodes.lastText, '40'))
  await Promise.all(answers)
  const event = frameOf(opcodes.lastText, '42["nothing"]')
  const answer = once(other, 'data')
  attacker.write(Buffer.concat(Array.from({ length: 2000 }, () => event)))
  other.write(frameOf(opcodes.lastText, '420["nothing"]'))
  expect(String((await answer)[0])).toContain('430["error"')
  expect(await unknownEvents(node)).toBeLessThan(1000)
  await until(async () => (await unknownEvents(node)) === 2001)
})

test('connections that send large messages are read in turn, and other clients are served in between', async () => {
  const node = await startNode({ env: unlimited })
  const attackers = await Promise.all(Array.from({ length: 30 }, () => raw(node)))
  const other = await raw(node)
  const answers = [...attackers, other].map((socket) => once(socket, 'data'))
  for (const socket of [...attackers, other]) socket.write(frameOf(opcodes.lastText, '40'))
  await Promise.all(answers)
  const event = frameOf(opcodes.lastText, `421["nothing","${'x'.repeat(60_000)}"]`)
  const first = Promise.race(attackers.map((socket) => once(socket, 'data')))
  for (const socket of attackers) socket.write(Buffer.concat(Array.from({ length: 10 }, () => event)))
  await first
  const answer = once(other, 'data')
  other.write(frameOf(opcodes.lastText, '420["nothing"]'))
  expect(String((await answer)[0])).toContain('430["error"')
  expect(await unknownEvents(node)).toBeLessThan(60) // 90 and more if the node reads from all of them in each turn of the event loop
  await until(async () => (await unknownEvents(node)) === 301)
})

/** How many events the node refused as unknown. */
async function unknownEvents(node: TestNode): Promise<number> {
  const { values } = await node.app.metrics.refused.get()
  return values.find(({ labels }) => labels.reason === 'unknown_event')?.value ?? 0
}
