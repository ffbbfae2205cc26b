import { describe, expect, test } from 'vitest'
import type { Dialect, Request } from '../../src/protocol/dialect.ts'
import { exchanger } from '../../src/protocol/exchanger.ts'
import { p2p, p2pErrors } from '../../src/protocol/p2p.ts'
import { portal, portalLegacy, portalV1 } from '../../src/protocol/portal.ts'
import { rooms } from '../../src/protocol/rooms.ts'
import { type Client, connect, enter, type Protocol } from '../support/client.ts'
import { ackOf, inChannel, inRoom, peer, receivedBefore } from '../support/dialects.ts'
import { newRoom, startCluster, type TestNode } from '../support/node.ts'
import { badValues } from './bad-values.ts'
import { mesh } from './media.ts'

/** What clients send as binary, and how Socket.IO's clients for JavaScript are given it. */
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

/** One who speaks, and one on the other node who must hear nothing; `heard` is what it heard up to now. */
type Couple = { speaker: Client; heard: () => Promise<unknown[]>; to: string; room: string }
type Meet = () => Promise<Couple>

const inPortal = (protocol: Protocol) => async (): Promise<Couple> => {
  const room = newRoom()
  const listener = await enter(two.url, { room })
  const speaker = await enter(one.url, { room, protocol })
  await listener.next('participant')
  return { speaker, heard: () => listener.barrier(), to: listener.id, room }
}

async function inExchanger(): Promise<Couple> {
  const room = newRoom()
  const listener = await inChannel(two, room)
  const speaker = await inChannel(one, room)
  await listener.next('userJoinedStream')
  return { speaker, heard: () => receivedBefore(listener, 'exchanger', room), to: listener.id, room }
}

async function inRooms(): Promise<Couple> {
  const room = newRoom()
  const listener = await inRoom(two, room)
  const speaker = await inRoom(one, room)
  await listener.next('welcome')
  return { speaker, heard: () => receivedBefore(listener, 'rooms'), to: listener.id, room }
}

async function inP2p(): Promise<Couple> {
  const to = newRoom()
  const listener = await peer(two, to)
  const speaker = await peer(one, newRoom())
  const heard = async () => {
    await ackOf(listener, 'owt-message', { to, data: 'the last' })
    const came: unknown[] = []
    for (;;) {
      const { data } = await listener.next('owt-message')
      if (Object(data).data === 'the last') return came
      came.push(data)
    }
  }
  return { speaker, heard, to, room: to }
}

const dialects: [string, Dialect, Meet][] = [
  ['portal 1.2', portal, inPortal('1.2')],
  ['portal 1.1', portalV1, inPortal('1.1')],
  ['portal legacy', portalLegacy, inPortal('legacy')],
  ['exchanger', exchanger, inExchanger],
  ['rooms', rooms, inRooms],
  ['p2p', p2p, inP2p],
]

/** In P2P the ack of a message is a number, and that of a login an object. */
const refused =
  /^\[2402\]$|request contains binary data: send text, such as base64.*"bad_request"|"bad_request".*binary data/

/** The events of which a connection without a session is asked: what ends the session is not tried in one. */
const events = dialects.flatMap(([name, table, meet]) =>
  Object.entries(table).map(([event, request]): [string, string, Request, Meet] => [
    name,
    event,
    request as Request,
    meet,
  ]),
)

/** Data of a request with bytes as each of its fields and inside each, and alone, as the arguments of an event. */
function argumentsOf({ payload, positional }: Request): unknown[][] {
  const values = badValues(payload, []).filter(([name]) => name.includes('bytes'))
  expect(values.length).toBeGreaterThan(1)
  return values.map(([, value]) => (positional ? positional.map((name) => Object(value)[name]) : [value]))
}

const isBinaryIn = (args: unknown[]): boolean =>
  args.some((value) => ArrayBuffer.isView(value) || (Object(value) === value && isBinaryIn(Object.values(value ?? {}))))

describe.each(events)('%s %s', (_dialect, event, request, meet) => {
  test('with bytes anywhere in its data is refused, and the others receive nothing', async () => {
    const { speaker, heard } = await meet()
    for (const args of argumentsOf(request).filter(isBinaryIn)) {
      expect(JSON.stringify(await ackOf(speaker, event, ...args))).toMatch(refused)
    }
    expect(speaker.socket.connected).toBe(true)
    expect(await heard()).toEqual([])
  })
})

describe.each(binaries)('%s', (_name, value) => {
  test.each<[string, Meet, (couple: Couple) => [string, ...unknown[]]]>([
    ['text', inPortal('1.2'), () => ['text', { to: 'all', message: value }]],
    [
      'attributes',
      inPortal('1.2'),
      () => ['publish', { media: null, attributes: { a: [{ b: value }] }, transport: mesh }],
    ],
    ['signaling', inPortal('1.2'), ({ to }) => ['soac', { id: 'x', to, signaling: { type: 'offer', sdp: value } }]],
    ['a descriptor', inExchanger, ({ room }) => ['offer', { channelName: room, sessionDescriptor: value }]],
    ['a deep one', inExchanger, ({ room }) => ['candidate', { channelName: room, candidate: { a: [[{ b: value }]] } }]],
    [
      'a directed one',
      inExchanger,
      ({ room, to }) => ['answer', { channelName: room, sessionDescriptor: [value], to }],
    ],
    ['a message', inRooms, ({ room }) => ['new_message', value, room]],
    ['a payload', inRooms, ({ room, to }) => ['offer', { sdp: value }, room, to]],
    ['data', inP2p, ({ to }) => ['owt-message', { to, data: value }]],
    ['more than data', inP2p, ({ to }) => ['owt-message', { to, data: '', more: { a: value } }]],
  ])('as %s is refused, and the others are told nothing', async (_what, meet, requestOf) => {
    const couple = await meet()
    const { speaker, heard } = couple
    const [event, ...data] = requestOf(couple)
    const [status] = await ackOf(speaker, event, ...data, { rid: 1 })
    expect(['error', p2pErrors.illegalArgument]).toContain(status)
    expect(await heard()).toEqual([])
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

test('all values of JSON arrive as they were sent, on the same node, on another, and from the log', async () => {
  const room = newRoom()
  const values = [
    [{}, [], '', null, false, 0, [[]], { a: {} }, { a: [] }],
    [0.1, 0.30000000000000004, 1e21, 5e-324, 1.7976931348623157e308, 9007199254740991, -1.5, 123456789012.34567],
    ['€', '\u0000', '\u2028', '</script>', '\\u0041', '𝄞', '"', '\\'],
    // as an attachment would stand in the packet, and as JSON writes a Buffer
    [
      { _placeholder: true, num: 0 },
      { type: 'Buffer', data: [1, 2] },
    ],
    [JSON.parse('{"__proto__":1,"constructor":2,"toJSON":"x","length":3}')],
  ]
  const near = await inChannel(one, room)
  const far = await inChannel(two, room)
  const late = await inChannel(two, room)
  const [ticket, seq] = [late.ticket, late.seq]
  late.cut()
  await late.closed
  const speaker = await inChannel(one, room, values)
  for (const value of values) await speaker.request('candidate', { channelName: room, candidate: value })
  const back = await connect(one.url, { namespace: '/exchanger' })
  await back.relogin({ ticket, seq })
  for (const listener of [near, far, back]) {
    for (const value of values) expect((await listener.next('receiveCandidate')).data).toEqual(value)
  }
})
