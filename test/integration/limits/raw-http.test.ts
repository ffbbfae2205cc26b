import { connect } from 'node:net'
import { beforeAll, expect, test } from 'vitest'
import { enter } from '../../support/client.ts'
import { newRoom, startNode, type TestNode } from '../../support/node.ts'

/** Heads and bodies that no client library sends. */

const host = 'Host: x'
const io = '/socket.io/?EIO=4&transport='
const upgrade = ['Connection: Upgrade', 'Upgrade: websocket', 'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==']
const webSocket = [...upgrade, 'Sec-WebSocket-Version: 13']
const head = (...lines: string[]) => [...lines, '', ''].join('\r\n')
const get = (path: string, ...lines: string[]) => head(`GET ${path} HTTP/1.1`, host, ...lines)
const post = (path: string, body: string, ...lines: string[]) => head(`POST ${path} HTTP/1.1`, host, ...lines) + body

let node: TestNode
beforeAll(async () => {
  node = await startNode({ env: { MANAGEMENT_KEYS: 'a:the key of a backend' } })
})

/** All bytes that the node answers on a connection, until it closes the connection or `complete` returns true. */
function answerTo(input: string | Buffer, complete = (answer: string) => /^HTTP\/1\.1 [2-5]/m.test(answer)) {
  return new Promise<string>((resolve) => {
    const socket = connect(Number(new URL(node.url).port), '127.0.0.1', () => socket.write(input))
    let answer = ''
    socket.on('error', () => {})
    socket.once('close', () => resolve(answer))
    socket.on('data', (data) => {
      answer += data.toString('latin1')
      if (complete(answer)) socket.destroy()
    })
  })
}

const refused: { [input: string]: [input: string | Buffer, status: number] } = {
  'a length and chunks': [post('/tokens', '0\r\n\r\n', 'Content-Length: 4', 'Transfer-Encoding: chunked'), 400],
  'two lengths': [post('/tokens', 'abcde', 'Content-Length: 4', 'Content-Length: 5'), 400],
  'a transfer encoding before chunked': [post('/tokens', '0\r\n\r\n', 'Transfer-Encoding: chunked, identity'), 400],
  'a negative length': [post('/tokens', '', 'Content-Length: -1'), 400],
  'a length above 2^64': [post('/tokens', '', 'Content-Length: 99999999999999999999'), 400],
  'a space before a colon': [head('GET / HTTP/1.1', 'Host : x'), 400],
  'a folded header': ['GET / HTTP/1.1\r\nHost: x\r\n folded\r\n\r\n', 400],
  'lines without CR': ['GET / HTTP/1.1\nHost: x\n\n', 400],
  'no host': [head('GET / HTTP/1.1'), 400],
  'HTTP/2': ['PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', 400],
  TLS: [Buffer.from('160301020001000200', 'hex'), 400],
  'an unknown method': [head('FOO / HTTP/1.1', host), 400],
  TRACE: [head('TRACE / HTTP/1.1', host), 404],
  'an absolute address': [head('GET http://y/v1/nodes HTTP/1.1', host), 401],
  'bytes that are no URL': [Buffer.from('GET /\xff\xfe HTTP/1.1\r\nHost: x\r\n\r\n', 'latin1'), 400],
  'half a percent sequence': [get('/%E0%A4%A'), 400],
  'a URL of 20 kB': [get(`/${'x'.repeat(20_000)}`), 431],
  'a cookie of 20 kB': [get('/', `Cookie: ${'x'.repeat(20_000)}`), 431],
  'a body after Expect, to no path': [post('/no', '', 'Expect: 100-continue', 'Content-Length: 70000'), 404],
  'a body after Expect, without a key': [post('/v1/rooms', '', 'Expect: 100-continue', 'Content-Length: 70000'), 401],
  'a POST as a handshake': [post(`${io}polling`, 'x'.repeat(70_000), 'Content-Length: 70000'), 400],
  'another method on a session': [head(`DELETE ${io}polling&sid=x HTTP/1.1`, host), 400],
  'a session named __proto__': [get(`${io}polling&sid=__proto__`), 400],
  'a session named constructor': [get(`${io}polling&sid=constructor`), 400],
  'two sessions': [get(`${io}polling&sid=a&sid=b`), 400],
  'a transport named constructor': [get(`${io}constructor`), 400],
  'two transports': [get(`${io}polling&transport=websocket`), 400],
  'an unknown transport': [get(`${io}flash`), 400],
  'an upgrade of no WebSocket transport': [get(`${io}polling`, ...webSocket), 400],
  'an upgrade of an unknown transport': [get(`${io}flash`, ...webSocket), 400],
  'an upgrade of an unknown session': [get(`${io}websocket&sid=x`, ...webSocket), 400],
  'an upgrade of two sessions': [get(`${io}websocket&sid=a&sid=b`, ...webSocket), 400],
  'an upgrade by POST': [post(`${io}websocket`, 'abcde', ...webSocket, 'Content-Length: 5'), 400],
  'an upgrade of another version': [get(`${io}websocket`, ...upgrade, 'Sec-WebSocket-Version: 99'), 400],
  'an upgrade with two keys': [get(`${io}websocket`, ...webSocket, 'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ=='), 400],
  'an upgrade with broken protocols': [get(`${io}websocket`, ...webSocket, 'Sec-WebSocket-Protocol: a,,b'), 400],
  'an upgrade to h2c': [get(`${io}polling`, 'Connection: Upgrade', 'Upgrade: h2c'), 400],
}

test.each(Object.entries(refused))('%s is refused with an error', async (_name, [input, status]) => {
  expect(await answerTo(input)).toMatch(new RegExp(`^HTTP/1\\.1 ${status} `, 'm'))
})

test.each([
  ['requests to no path', '/no'],
  ['handshakes', `${io}polling`],
  ['requests for the client library', '/socket.io/socket.io.js'],
  ['requests for the description of the API', '/docs/'],
  ['requests for a file of its page', '/docs/static/swagger-ui-bundle.js'],
])('a thousand pipelined %s are not served', async (_name, path) => {
  const answer = await answerTo(get(path).repeat(1000), () => false)
  expect(answer.match(/^HTTP\/1\.1 /gm)?.length ?? 0).toBeLessThanOrEqual(8)
})

test.each([
  ['a body', 'x'.repeat(100_000)],
  ['no mask', Buffer.from([0x81, 0x01, 0x78])],
  ['a reserved opcode', Buffer.from([0x83, 0x80, 0, 0, 0, 0])],
  ['a reserved bit', Buffer.from([0xc1, 0x80, 0, 0, 0, 0])],
  ['text that is no UTF-8', Buffer.from([0x81, 0x82, 0, 0, 0, 0, 0xff, 0xfe])],
  ['a long control frame', Buffer.from([0x89, 0xfe, 0x01, 0x00, 0, 0, 0, 0])],
  ['a close frame with half a status', Buffer.from([0x88, 0x81, 0, 0, 0, 0, 0x03])],
  ['a close frame with a reserved status', Buffer.from([0x88, 0x82, 0, 0, 0, 0, 0x03, 0xed])],
  ['a length above 2^53', Buffer.from([0x81, 0xff, 0x7f, ...Array.from({ length: 7 }, () => 0xff), 0, 0, 0, 0])],
  ['a continuation of nothing', Buffer.from([0x80, 0x80, 0, 0, 0, 0])],
])('a WebSocket that sends %s after its upgrade is closed', async (_name, bytes) => {
  const upgraded = Buffer.concat([Buffer.from(get(`${io}websocket`, ...webSocket)), Buffer.from(bytes)])
  await answerTo(upgraded, () => false)
})

test('after all these requests the node has logged no error, and serves its clients', async () => {
  expect(node.logs.lines.filter(({ level }) => level >= 50)).toEqual([])
  const ann = await enter(node.url, { room: newRoom() })
  await ann.ask('text', { to: 'all', message: 'not harmed' })
})
