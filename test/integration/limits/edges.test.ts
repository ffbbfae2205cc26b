import { connect, type Socket } from 'node:net'
import { expect, onTestFinished, test } from 'vitest'
import { frameOf, opcodes, rawWebSocket } from '../../support/abuse/raw-web-socket.ts'
import { startNode, type TestNode } from '../../support/node.ts'
import { until } from '../../support/until.ts'
import { BareClient } from '../bare-client.ts'

/** Input outside the limits of a session: second and closing WebSockets, HTTP bodies, repeated CONNECTs, oversized packets. */

const mebibyte = 1024 * 1024
const reasons = ({ logs }: TestNode) =>
  logs.lines.flatMap(({ msg, reason }) => (msg === 'disconnected' ? [] : (reason ?? [])))

async function pollingSession({ url }: TestNode): Promise<string> {
  const answer = await (await fetch(`${url}/socket.io/?EIO=4&transport=polling`)).text()
  return JSON.parse(answer.slice(1)).sid
}

async function raw({ url }: TestNode, sid?: string): Promise<Socket> {
  const query = `EIO=4&transport=websocket${sid === undefined ? '' : `&sid=${sid}`}`
  const socket = await rawWebSocket(url, { query })
  onTestFinished(() => void socket.destroy())
  return socket.resume()
}

/** The beginning of a text message that never ends. */
function unfinished(bytes: number): Buffer {
  const length = Buffer.alloc(8)
  length.writeBigUInt64BE(BigInt(bytes + 1))
  return Buffer.concat([Buffer.from([opcodes.lastText, 0xff]), length, Buffer.alloc(4), Buffer.alloc(bytes, 'x')])
}

function http({ url }: { url: string }, text: string | Buffer): { answer: Promise<string> } {
  const socket = connect(Number(new URL(url).port), '127.0.0.1')
  onTestFinished(() => void socket.destroy())
  let all = ''
  socket.on('error', () => {}).on('data', (data) => (all += data))
  socket.write(text)
  return { answer: new Promise((resolve) => socket.once('close', () => resolve(all))) }
}

test('a second WebSocket for a long-polling session is refused before the handshake completes, and counted', async () => {
  const node = await startNode()
  const sid = await pollingSession(node)
  await raw(node, sid)
  await expect(raw(node, sid)).rejects.toThrow('HTTP/1.1 400')
  expect(reasons(node)).toEqual(['bad_handshake'])
})

test('a session that began as a WebSocket refuses a second WebSocket', async () => {
  const node = await startNode()
  const client = await BareClient.connect(node.url)
  const { sid } = JSON.parse((client.frames[0] as string).slice(1))
  await expect(raw(node, sid)).rejects.toThrow('HTTP/1.1 400')
  await client.terminate()
})

test.each(['an upgrade', 'a new session'])(
  'the unfinished message of a WebSocket that is %s counts in the budget of the node',
  async (kind) => {
    const node = await startNode({ env: { MAX_BUFFERED_BYTES_TOTAL: 4 * mebibyte, MAX_MESSAGE_BYTES: 65_536 } })
    const sockets = await Promise.all(
      [0, 1].map(async () => raw(node, kind === 'an upgrade' ? await pollingSession(node) : undefined)),
    )
    const closed = Promise.race(sockets.map((socket) => new Promise((resolve) => socket.once('close', resolve))))
    for (const socket of sockets) socket.write(unfinished(3 * mebibyte))
    await closed
    expect(reasons(node)).toContain('node_memory')
  },
)

test('a closing WebSocket is cut after it sends more than MAX_MESSAGE_BYTES', async () => {
  const node = await startNode({ env: { MESSAGES_PER_SECOND: 100_000, MESSAGE_BURST: 100_000 } })
  const client = await raw(node)
  const closed = new Promise((resolve) => client.once('close', resolve))
  client.write(frameOf(opcodes.lastText, 'no packet'))
  await until(async () => reasons(node).includes('bad_packet'))
  client.write(unfinished(100_000))
  await closed
  expect(reasons(node)).toEqual(['bad_packet', 'flood'])
})

test('a POST to an unknown path gets 404 before its body is received, and the connection closes', async () => {
  const node = await startNode()
  const head = 'POST /nowhere HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 65536\r\n\r\n'
  for (const url of [node.url, node.opsUrl]) {
    expect(await http({ url }, `${head}${'x'.repeat(1000)}`).answer).toMatch(/^HTTP\/1\.1 404 /)
  }
  expect(reasons(node)).toEqual(['http_404', 'http_404'])
})

test('HTTP bodies that are being received count in the budget of the node', async () => {
  const node = await startNode({ env: { MAX_BUFFERED_BYTES_TOTAL: mebibyte, MAX_MESSAGE_BYTES: 256, DEMO: 'true' } })
  const head = 'POST /tokens HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 65536\r\n\r\n'
  const sent = Array.from({ length: 24 }, () => http(node, `${head}${'x'.repeat(65_000)}`).answer)
  expect(await Promise.race(sent)).toBe('')
  expect(reasons(node)).toContain('node_memory')
})

test('repeated CONNECT packets during admission are counted and get no answer', async () => {
  const node = await startNode()
  const bare = new BareClient(node.url)
  await bare.frame(/^0/)
  for (let n = 0; n < 50; n += 1) bare.send('40/exchanger,{"token":"none"}')
  const answered = () => bare.frames.filter((frame) => frame.startsWith('44/exchanger,')).length
  const ignored = () => node.logs.lines.filter(({ msg }) => msg === 'CONNECT ignored').length
  await until(async () => answered() + ignored() === 50)
  expect(answered()).toBeLessThan(10)
  await bare.terminate()
})

test.each([1, 4])('an event or CONNECT of %i MiB is refused as too_large without being parsed', async (size) => {
  const node = await startNode()
  const bare = await BareClient.connect(node.url)
  const bytes = size * mebibyte - 1000
  // invalid JSON: parsing it would close the connection
  bare.send(`421["text",${'{'.repeat(bytes)}`)
  expect(await bare.frame(/^431/)).toContain('too_large')
  bare.send(`40/exchanger,{"token":${'{'.repeat(bytes)}`)
  expect(await bare.frame(/^44\/exchanger/)).toContain('too_large')
  await bare.terminate()
})

test.each(['/', '/unknown', '/socket.io/?EIO=4&transport=polling', '/socket.io/?EIO=4&transport=polling&sid=x'])(
  'a connection that sends 2000 requests for %s at once is closed, and counted once',
  async (path) => {
    const node = await startNode()
    await http(node, `GET ${path} HTTP/1.1\r\nHost: x\r\n\r\n`.repeat(2000)).answer
    expect(reasons(node).filter((reason) => !/^http_4|^bad_handshake/.test(String(reason)))).toEqual([
      'pipelined_requests',
    ])
    expect(reasons(node).length).toBeLessThanOrEqual(9)
  },
)
