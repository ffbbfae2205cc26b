import { describe, expect, test } from 'vitest'
import type { Request, RequestDefinitions } from '../../src/protocol/dialect.ts'
import { exchanger } from '../../src/protocol/exchanger.ts'
import { p2p, p2pErrors } from '../../src/protocol/p2p.ts'
import { portal, portalLegacy, portalV1 } from '../../src/protocol/portal.ts'
import { rooms } from '../../src/protocol/rooms.ts'
import { type Client, connect, enter, type Protocol } from '../support/client.ts'
import { ackOf, inChannel, inRoom, peer, receivedBefore } from '../support/dialects.ts'
import { mesh } from '../support/media.ts'
import { newRoom, startCluster, type TestNode } from '../support/node.ts'
import { badValues } from './bad-values.ts'

/** The types that Socket.IO's clients for JavaScript send as binary. */
const bytes = Uint8Array.of(1, 2, 255)
const binaries: [string, unknown][] = [
  ['a Buffer', Buffer.from(bytes)],
  ['a typed array', bytes],
  ['an ArrayBuffer', bytes.buffer],
  ['a DataView', new DataView(bytes.buffer)],
  ['no bytes at all', Buffer.alloc(0)],
]

const [one, two] = (await startCluster(2, { env: { ANONYMOUS_DIALECTS: 'exchanger,rooms,p2p' } })) as [
  TestNode,
  TestNode,
]

/** A sender, and a receiver on the other node, with the id `to`. `received` resolves to what it has received so far. */
type Pair = { sender: Client; received: () => Promise<unknown[]>; to: string; room: string }
type EnterPair = () => Promise<Pair>

const inPortal = (protocol: Protocol) => async (): Promise<Pair> => {
  const room = newRoom()
  const receiver = await enter(two.url, { room })
  const sender = await enter(one.url, { room, protocol })
  await receiver.next('participant')
  return { sender, received: () => receiver.barrier(), to: receiver.id, room }
}

async function inExchanger(): Promise<Pair> {
  const room = newRoom()
  const receiver = await inChannel(two, room)
  const sender = await inChannel(one, room)
  await receiver.next('userJoinedStream')
  return { sender, received: () => receivedBefore(receiver, 'exchanger', room), to: receiver.id, room }
}

async function inRooms(): Promise<Pair> {
  const room = newRoom()
  const receiver = await inRoom(two, room)
  const sender = await inRoom(one, room)
  await receiver.next('welcome')
  return { sender, received: () => receivedBefore(receiver, 'rooms'), to: receiver.id, room }
}

async function inP2p(): Promise<Pair> {
  const to = newRoom()
  const receiver = await peer(two, to)
  const sender = await peer(one, newRoom())
  const received = async () => {
    await ackOf(receiver, 'owt-message', { to, data: 'the last' })
    const earlier: unknown[] = []
    for (;;) {
      const { data } = await receiver.next('owt-message')
      if (Object(data).data === 'the last') return earlier
      earlier.push(data)
    }
  }
  return { sender, received, to, room: to }
}

const dialects: [string, RequestDefinitions, EnterPair][] = [
  ['portal 1.2', portal, inPortal('1.2')],
  ['portal 1.1', portalV1, inPortal('1.1')],
  ['portal legacy', portalLegacy, inPortal('legacy')],
  ['exchanger', exchanger, inExchanger],
  ['rooms', rooms, inRooms],
  ['p2p', p2p, inP2p],
]

/** The refusal in an ack. In P2P the ack of a message is a number, and that of a login an object. */
const refused =
  /^\[2402\]$|request contains binary data: send text, such as base64.*"bad_request"|"bad_request".*binary data/

/** The events of all dialects. */
const events = dialects.flatMap(([name, table, enterPair]) =>
  Object.entries(table).map(([event, request]): [string, string, Request, EnterPair] => [
    name,
    event,
    request as Request,
    enterPair,
  ]),
)

/** Arguments of a request in which bytes are the data, or a field of it, or inside a field. */
function argumentsOf({ payload, positional }: Request): unknown[][] {
  const values = badValues(payload, []).filter(([name]) => name.includes('bytes'))
  expect(values.length).toBeGreaterThan(1)
  return values.map(([, value]) => (positional ? positional.map((name) => Object(value)[name]) : [value]))
}

const isBinaryIn = (args: unknown[]): boolean =>
  args.some((value) => ArrayBuffer.isView(value) || (Object(value) === value && isBinaryIn(Object.values(value ?? {}))))

describe.each(events)('%s %s', (_dialect, event, request, enterPair) => {
  test('with bytes anywhere in its data is refused, and the others receive nothing', async () => {
    const { sender, received } = await enterPair()
    for (const args of argumentsOf(request).filter(isBinaryIn)) {
      expect(JSON.stringify(await ackOf(sender, event, ...args))).toMatch(refused)
    }
    expect(sender.socket.connected).toBe(true)
    expect(await received()).toEqual([])
  })
})

describe.each(binaries)('%s', (_name, value) => {
  test.each<[string, EnterPair, (pair: Pair) => [string, ...unknown[]]]>([
    ['text', inPortal('1.2'), () => ['text', { to: 'all', message: value }]],
    [
      'attributes',
      inPortal('1.2'),
      () => ['publish', { media: null, attributes: { a: [{ b: value }] }, transport: mesh }],
    ],
    ['signaling', inPortal('1.2'), ({ to }) => ['soac', { id: 'x', to, signaling: { type: 'offer', sdp: value } }]],
    ['a descriptor', inExchanger, ({ room }) => ['offer', { channelName: room, sessionDescriptor: value }]],
    [
      'a nested descriptor',
      inExchanger,
      ({ room }) => ['candidate', { channelName: room, candidate: { a: [[{ b: value }]] } }],
    ],
    [
      'a directed descriptor',
      inExchanger,
      ({ room, to }) => ['answer', { channelName: room, sessionDescriptor: [value], to }],
    ],
    ['a message', inRooms, ({ room }) => ['new_message', value, room]],
    ['a payload', inRooms, ({ room, to }) => ['offer', { sdp: value }, room, to]],
    ['data', inP2p, ({ to }) => ['owt-message', { to, data: value }]],
    ['another field than data', inP2p, ({ to }) => ['owt-message', { to, data: '', more: { a: value } }]],
  ])('as %s is refused, and the others receive nothing', async (_what, enterPair, requestOf) => {
    const pair = await enterPair()
    const { sender, received } = pair
    const [event, ...data] = requestOf(pair)
    const [status] = await ackOf(sender, event, ...data, { rid: 1 })
    expect(['error', p2pErrors.illegalArgument]).toContain(status)
    expect(await received()).toEqual([])
  })
})

test('a login that contains bytes is refused, and begins no session', async () => {
  const portalClient = await connect(one.url)
  expect((await portalClient.request('login', { token: Buffer.from('x') })).code).toBe('bad_request')
  expect(await portalClient.closed).toBe('io server disconnect')
  const channelClient = await connect(one.url, { namespace: '/exchanger' })
  const joined = await channelClient.request('joinStream', { channelName: newRoom(), user: { face: Buffer.alloc(3) } })
  expect(joined.code).toBe('bad_request')
  const user = await connect(one.url, { namespace: '/p2p' })
  expect(await ackOf(user, 'authentication', { token: 'ann', face: Buffer.alloc(3) })).toMatchObject([
    { code: 'bad_request' },
  ])
})

test('all JSON values arrive as they were sent: on the same node, on another, and from the log', async () => {
  const room = newRoom()
  const values = [
    [{}, [], '', null, false, 0, [[]], { a: {} }, { a: [] }],
    [0.1, 0.30000000000000004, 1e21, 5e-324, 1.7976931348623157e308, 9007199254740991, -1.5, 123456789012.34567],
    ['€', '\u0000', '\u2028', '</script>', '\\u0041', '𝄞', '"', '\\'],
    // as Socket.IO writes the placeholder of an attachment, and as JSON.stringify writes a Buffer
    [
      { _placeholder: true, num: 0 },
      { type: 'Buffer', data: [1, 2] },
    ],
    [JSON.parse('{"__proto__":1,"constructor":2,"toJSON":"x","length":3}')],
  ]
  const sameNode = await inChannel(one, room)
  const otherNode = await inChannel(two, room)
  const disconnected = await inChannel(two, room)
  const [ticket, seq] = [disconnected.ticket, disconnected.seq]
  disconnected.cut()
  await disconnected.closed
  const sender = await inChannel(one, room, values)
  for (const value of values) await sender.request('candidate', { channelName: room, candidate: value })
  const resumed = await connect(one.url, { namespace: '/exchanger' })
  await resumed.relogin({ ticket, seq })
  for (const receiver of [sameNode, otherNode, resumed]) {
    for (const value of values) expect((await receiver.next('receiveCandidate')).data).toEqual(value)
  }
})
