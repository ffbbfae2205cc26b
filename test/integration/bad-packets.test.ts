import { connect as connectTcp } from 'node:net'
import { beforeEach, describe, expect, test } from 'vitest'
import { type Client, enter, loginInfo } from '../support/client.ts'
import { newRoom, startNode } from '../support/node.ts'
import { BareClient } from './bare-client.ts'
import { watchUnhandledErrors } from './unhandled-errors.ts'

/** Invalid data at the levels of Socket.IO, Engine.IO and HTTP, which no client library sends. */

const node = await startNode()
watchUnhandledErrors(node)

let room: string
let observer: Client
beforeEach(async () => {
  room = newRoom()
  observer = await enter(node.url, { room, user: 'witness' })
})

const deep = (levels: number) => '['.repeat(levels) + ']'.repeat(levels)

/** Checks that the node accepts new clients, and that an earlier participant was notified only of joins. */
async function unharmed(): Promise<void> {
  await enter(node.url, { room })
  const received = await observer.barrier()
  expect(received.map(({ data }) => Object(data).action)).toEqual(received.map(() => 'join'))
}

/** Sends packets. Resolves when the node has read them: it has answered the next request, or closed the connection. */
async function sendAll(bare: BareClient, packets: (string | Buffer)[]): Promise<void> {
  for (const packet of packets) bare.send(packet)
  await Promise.race([bare.request('no such event'), bare.closed])
}

const packets: [string, (string | Buffer)[]][] = [
  ['no packet at all', ['', ' ']],
  ['unknown types', ['7', '9', 'x', '\u0000', '4', '48', '4x']],
  ['packets of Engine.IO', ['0', '1', '3', '6', '3probe', '2probe', '5']],
  ['an event without its name', ['42', '42[]', '42[null]', '42[{}]', '42[[]]', '42[true,{}]']],
  ['an event that is no list', ['42{}', '42"text"', '42null', '4215', '42-1["text"]']],
  ['invalid JSON', ['42[', '42["text",', '42["text",{]', '42["text"]]', '42["\ud800"]']],
  [
    'events with names that Socket.IO reserves',
    ['connect', 'connect_error', 'disconnect', 'disconnecting', 'newListener', 'removeListener'].map(
      (name) => `421["${name}","x"]`,
    ),
  ],
  ['acks for no request', ['430[]', '4399999999999["ok"]', '43["ok"]', '43-1[]']],
  ['invalid ack numbers', ['42999999999999999999999["text"]', '421e9["text"]', '42-7["text"]']],
  ['a second connect', ['40', '40{"token":1}', '40', '44"error"']],
  [
    'other namespaces',
    ['40/', '40/nowhere,', '40/__proto__,', '42/nowhere,["text"]', '41/nowhere,', `40/${'x'.repeat(5000)},`],
  ],
  ['bytes without a header', [Buffer.from('text'), Buffer.alloc(0), Buffer.alloc(100_000)]],
  ['a header without its attachments', ['451-["text",{"_placeholder":true,"num":0}]', '42["text"]']],
  ['placeholders without an attachment', ['451-["text",{"_placeholder":true,"num":7}]', Buffer.from('x')]],
  ['placeholders whose number is a text', ['451-["text",{"_placeholder":true,"num":"__proto__"}]', Buffer.from('x')]],
  ['a packet with 999999999 attachments', ['45999999999-["text",{"_placeholder":true,"num":0}]', Buffer.from('x')]],
  ['an invalid number of attachments', ['45-["text"]', '45x-["text"]', '451["text"]']],
  ['a million arguments', [`421["text",${'0,'.repeat(1_000_000)}0]`, `42["text",${'0,'.repeat(1_000_000)}0]`]],
  ['an ack with a million arguments', [`431[${'0,'.repeat(1_000_000)}0]`]],
  ['deep nesting', [`421["text",${deep(10_000)}]`]],
  ['very deep nesting', [`421["text",${deep(1_000_000)}]`]],
  ['very deep nesting with bytes', [`451-1["text",${deep(500_000)},{"_placeholder":true,"num":0}]`, Buffer.from('x')]],
  ['a message that is too large', [`421["text","${'x'.repeat(5 * 1024 * 1024)}"]`]],
  ['a packet after its disconnect', ['41', '42["text"]']],
]

describe.each(['before login', 'after login'])('a connection %s', (when) => {
  test.each(packets)('that sends %s harms neither the node nor its other clients', async (_name, garbage) => {
    const bare = await BareClient.connect(node.url)
    if (when === 'after login') await bare.request('login', loginInfo({ room }))
    await sendAll(bare, garbage)
    await unharmed()
    await bare.terminate()
  })

  test.each(packets)(
    'that sends %s before its CONNECT harms neither the node nor its other clients',
    async (_name, garbage) => {
      const bare = new BareClient(node.url)
      await bare.frame(/^0/)
      for (const packet of garbage) bare.send(packet)
      await unharmed()
      await bare.terminate()
    },
  )
})

test('deep nesting is answered with an error', async () => {
  const bare = await BareClient.connect(node.url)
  bare.send(`427["text",${deep(10_000)}]`)
  expect(await bare.frame(/^437/)).toMatch(/^437\["error","request is nested too deeply",\{"code":"bad_request"\}\]/)
  await bare.terminate()
})

test('an event whose name is a number is answered with an error', async () => {
  const bare = await BareClient.connect(node.url)
  bare.send('427[5,"x"]')
  expect(await bare.frame(/^437/)).toBe('437["error","Unknown event",{"code":"unknown_event"}]')
  await bare.terminate()
})

test.each([
  ['EIO=4&transport=websocket&sid=nobody'],
  ['EIO=4&transport=carrier-pigeon'],
  ['EIO=99&transport=websocket'],
  ['EIO[]=4&transport[]=websocket'],
  ['transport=websocket'],
  ['EIO=4'],
  ['__proto__=x&constructor=y'],
])('a handshake with the invalid query %s is refused', async (query) => {
  const bare = new BareClient(node.url, query)
  const response = await fetch(`${node.url}/socket.io/?${query}`).catch(() => undefined)
  expect(response?.ok ?? false).toBe(false)
  await bare.terminate()
  await unharmed()
})

test.each([
  ['POST', 'garbage'],
  ['POST', '\u001e\u001e\u001e'],
  ['POST', '4'.repeat(5 * 1024 * 1024)],
  ['PUT', 'x'],
  ['DELETE', ''],
])('a long-polling %s with an invalid body does not harm other clients', async (method, body) => {
  const polling = `${node.url}/socket.io/?EIO=4&transport=polling`
  const opened = await fetch(polling)
  const { sid } = JSON.parse((await opened.text()).slice(1))
  await fetch(`${polling}&sid=${sid}`, { method, ...(body ? { body } : {}) }).catch(() => undefined)
  await unharmed()
})

test.each([
  'GARBAGE\r\n\r\n',
  'GET / HTTP/9.9\r\n\r\n',
  'GET /socket.io/?EIO=4&transport=websocket HTTP/1.1\r\nUpgrade: websocket\r\nConnection: upgrade\r\n\r\n',
  '\u0016\u0003\u0001',
])('a connection that sends the bytes %j, which are no HTTP, is closed', async (bytes) => {
  const socket = connectTcp(Number(new URL(node.url).port), '127.0.0.1')
  const closed = new Promise((resolve) => socket.once('close', resolve))
  socket.on('error', () => {})
  socket.end(bytes)
  socket.resume()
  await closed
  await unharmed()
})
