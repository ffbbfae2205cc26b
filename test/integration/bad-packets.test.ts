import { connect as connectTcp } from 'node:net'
import { beforeEach, describe, expect, test } from 'vitest'
import { type Client, enter, loginInfo } from '../support/client.ts'
import { newRoom, startNode } from '../support/node.ts'
import { watchAccidents } from './accidents.ts'
import { BareClient } from './bare-client.ts'

/** What no client library sends: garbage at the levels of Socket.IO, Engine.IO and HTTP. */

const node = await startNode()
watchAccidents(node)

let room: string
let witness: Client
beforeEach(async () => {
  room = newRoom()
  witness = await enter(node.url, { room, user: 'witness' })
})

const deep = (levels: number) => '['.repeat(levels) + ']'.repeat(levels)

/** The node takes new clients, and one who was in the room before has seen others come, and nothing else. */
async function unharmed(): Promise<void> {
  await enter(node.url, { room })
  const came = await witness.barrier()
  expect(came.map(({ data }) => Object(data).action)).toEqual(came.map(() => 'join'))
}

/** Sends them; resolves when the node has read them: it has answered what follows, or closed. */
async function sendAll(bare: BareClient, packets: (string | Buffer)[]): Promise<void> {
  for (const packet of packets) bare.send(packet)
  await Promise.race([bare.request('nothing of ours'), bare.closed])
}

const packets: [string, (string | Buffer)[]][] = [
  ['no packet at all', ['', ' ']],
  ['unknown types', ['7', '9', 'x', '\u0000', '4', '48', '4x']],
  ['Engine.IO’s own', ['0', '1', '3', '6', '3probe', '2probe', '5']],
  ['an event without its name', ['42', '42[]', '42[null]', '42[{}]', '42[[]]', '42[true,{}]']],
  ['an event that is no list', ['42{}', '42"text"', '42null', '4215', '42-1["text"]']],
  ['JSON that is none', ['42[', '42["text",', '42["text",{]', '42["text"]]', '42["\ud800"]']],
  [
    'names that are Socket.IO’s own',
    ['connect', 'connect_error', 'disconnect', 'disconnecting', 'newListener', 'removeListener'].map(
      (name) => `421["${name}","x"]`,
    ),
  ],
  ['acks for what nobody asked', ['430[]', '4399999999999["ok"]', '43["ok"]', '43-1[]']],
  ['ack numbers that are none', ['42999999999999999999999["text"]', '421e9["text"]', '42-7["text"]']],
  ['a second connect', ['40', '40{"token":1}', '40', '44"error"']],
  [
    'other namespaces',
    ['40/', '40/nowhere,', '40/__proto__,', '42/nowhere,["text"]', '41/nowhere,', `40/${'x'.repeat(5000)},`],
  ],
  ['bytes without a header', [Buffer.from('text'), Buffer.alloc(0), Buffer.alloc(100_000)]],
  ['a header without its bytes', ['451-["text",{"_placeholder":true,"num":0}]', '42["text"]']],
  ['placeholders that are none', ['451-["text",{"_placeholder":true,"num":7}]', Buffer.from('x')]],
  ['placeholders beyond counting', ['451-["text",{"_placeholder":true,"num":"__proto__"}]', Buffer.from('x')]],
  ['more bytes than anyone has', ['45999999999-["text",{"_placeholder":true,"num":0}]', Buffer.from('x')]],
  ['a number of bytes that is none', ['45-["text"]', '45x-["text"]', '451["text"]']],
  ['a million arguments', [`421["text",${'0,'.repeat(1_000_000)}0]`, `42["text",${'0,'.repeat(1_000_000)}0]`]],
  ['an ack with a million arguments', [`431[${'0,'.repeat(1_000_000)}0]`]],
  ['deep nesting', [`421["text",${deep(10_000)}]`]],
  ['very deep nesting', [`421["text",${deep(1_000_000)}]`]],
  ['very deep nesting with bytes', [`451-1["text",${deep(500_000)},{"_placeholder":true,"num":0}]`, Buffer.from('x')]],
  ['more than a message may be', [`421["text","${'x'.repeat(5 * 1024 * 1024)}"]`]],
  ['a disconnect, and more', ['41', '42["text"]']],
]

describe.each(['before login', 'after login'])('%s', (when) => {
  test.each(packets)('%s', async (_name, garbage) => {
    const bare = await BareClient.connect(node.url)
    if (when === 'after login') await bare.request('login', loginInfo({ room }))
    await sendAll(bare, garbage)
    await unharmed()
    await bare.terminate()
  })

  test.each(packets)('%s, before Socket.IO is connected', async (_name, garbage) => {
    const bare = new BareClient(node.url)
    await bare.frame(/^0/)
    for (const packet of garbage) bare.send(packet)
    await unharmed()
    await bare.terminate()
  })
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
])('a handshake that is none: %s', async (query) => {
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
])('long-polling by hand: %s', async (method, body) => {
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
])('bytes that are no HTTP: %j', async (bytes) => {
  const socket = connectTcp(Number(new URL(node.url).port), '127.0.0.1')
  const closed = new Promise((resolve) => socket.once('close', resolve))
  socket.on('error', () => {})
  socket.end(bytes)
  socket.resume()
  await closed
  await unharmed()
})
