import { describe, expect, test } from 'vitest'
import { connect } from '../../support/client.ts'
import { startNode, type TestNode } from '../../support/node.ts'
import { Poller } from '../../support/poller.ts'
import { until } from '../../support/until.ts'

/** The limits of long-polling: payloads before Engine.IO decodes them, and answers that the client does not read. */

/** The reasons of all refusals, in the order of the log. */
const reasons = ({ logs }: TestNode) =>
  logs.lines.flatMap(({ msg, reason }) => (msg === 'disconnected' ? [] : (reason ?? [])))
const event = '42["a"]'
const binaryType = { 'Content-Type': 'application/octet-stream' }
const legacy = (text: string) => `${text.length}:${text}`
const legacyBinary = (data: string) =>
  Buffer.concat([Buffer.from([0, ...[...String(Buffer.byteLength(data))].map(Number), 255]), Buffer.from(data)])
const times = <Item>(count: number, item: Item): Item[] => Array.from({ length: count }, () => item)

/** The formats of a payload with this many events. */
const writings: [string, number, (count: number) => string | Buffer, { [name: string]: string }][] = [
  ['of revision 4', 4, (count) => times(count, event).join('\x1e'), {}],
  ['of revision 4 with binary values', 4, (count) => times(count, 'bAQID').join('\x1e'), {}],
  ['of revision 4 with nothing in them', 4, (count) => '\x1e'.repeat(count), {}],
  ['of revision 3', 3, (count) => times(count, legacy(event)).join(''), {}],
  ['of revision 3 with nothing in them', 3, (count) => '0:'.repeat(count), {}],
  ['of revision 3 as bytes', 3, (count) => Buffer.concat(times(count, legacyBinary(event))), binaryType],
]

describe.each(writings)('packets %s', (_what, revision, write, headers) => {
  test('a payload with too many packets is refused before it is decoded, and the session ends', async () => {
    const node = await startNode({ env: { MESSAGES_PER_SECOND: 50, MESSAGE_BURST: 200 } })
    const client = await Poller.connect(node, revision)
    expect((await client.post(write(200_000), headers)).status).toBe(413)
    expect(reasons(node)).toEqual(['too_many_packets'])
    await until(async () => node.app.io.engine.clientsCount === 0)
    const metrics = await (await fetch(`${node.opsUrl}/metrics`)).text()
    expect(metrics).toContain('signalbox_refused_total{reason="too_many_packets"} 1')
    expect(metrics).not.toMatch(/messages_total{.*direction="in"/)
  })
})

test.each([
  ['of revision 4', 4, (count: number) => times(count, event).join('\x1e'), {}],
  ['of revision 3', 3, (count: number) => times(count, legacy(event)).join(''), {}],
  ['of revision 3 as bytes', 3, (count: number) => Buffer.concat(times(count, legacyBinary(event))), binaryType],
] as [string, number, (count: number) => string | Buffer, { [name: string]: string }][])(
  'each of 800 events that a client sends %s at once is answered',
  async (_what, revision, write, headers) => {
    const node = await startNode({ env: { MESSAGES_PER_SECOND: 50, MESSAGE_BURST: 200 } })
    const client = await Poller.connect(node, revision)
    expect(await client.post(write(800), headers)).toEqual({ status: 200, body: 'ok' })
    const metrics = await (await fetch(`${node.opsUrl}/metrics`)).text()
    expect(metrics).toMatch(/messages_total{dialect="portal",event="unknown",direction="in"} 800/)
  },
)

test.each([
  ['a length that is none', 'x'.repeat(1000), {}],
  ['digits without end', '1'.repeat(1_000_000), {}],
  ['bytes that are no length', Buffer.alloc(1000, 7), binaryType],
] as [string, string | Buffer, { [name: string]: string }][])(
  'a payload of revision 3 with %s is refused before it is decoded',
  async (_what, body, headers) => {
    const node = await startNode()
    const client = await Poller.connect(node, 3)
    expect((await client.post(body, headers)).status).toBe(400)
    expect(reasons(node)).toEqual(['bad_packet'])
    await until(async () => node.app.io.engine.clientsCount === 0)
  },
)

test('text and binary values in a binary payload of revision 3 arrive unchanged', async () => {
  const node = await startNode({ env: { ANONYMOUS_DIALECTS: 'exchanger' } })
  const seen: unknown[] = []
  node.app.io.of('/exchanger').on('connection', (socket) => socket.onAny((...args) => seen.push(args)))
  const client = await Poller.connect(node, 3)
  const bytes = (kind: number, data: Buffer) =>
    Buffer.concat([Buffer.from([kind, ...[...String(data.length)].map(Number), 255]), data])
  const text = 'é ü 漢字 😀'
  const body = Buffer.concat([
    bytes(0, Buffer.from('40/exchanger')),
    bytes(0, Buffer.from(`42/exchanger,["first",${JSON.stringify(text)}]`)),
    bytes(0, Buffer.from('451-/exchanger,["second",{"_placeholder":true,"num":0}]')),
    bytes(1, Buffer.from([4, 1, 2, 255, 0])),
  ])
  await client.post(bytes(0, Buffer.from('40/exchanger')), binaryType)
  await until(async () => node.app.io.of('/exchanger').sockets.size === 1)
  await client.post(body.subarray(bytes(0, Buffer.from('40/exchanger')).length), binaryType)
  await until(async () => seen.length === 2)
  expect(seen).toEqual([
    ['first', text],
    ['second', Buffer.from([1, 2, 255, 0])],
  ])
})

describe('a client that sends far above its rate in many requests', () => {
  test('waits until the node reads its next request, and every event is answered', async () => {
    const node = await startNode({ env: { MESSAGES_PER_SECOND: 40, MESSAGE_BURST: 50 } })
    const client = await Poller.connect(node)
    const payload = times(400, event).join('\x1e')
    for (let n = 0; n < 5; n += 1) expect((await client.post(payload)).status).toBe(200)
    expect(reasons(node)).toContain('flood')
    expect(reasons(node).filter((reason) => reason !== 'flood').length).toBe(2000)
  })

  test('loses its session if it sends another request meanwhile', async () => {
    const node = await startNode({ env: { MESSAGES_PER_SECOND: 2, MESSAGE_BURST: 1 } })
    const client = await Poller.connect(node)
    await client.post(times(400, event).join('\x1e'))
    const held = client.post(event).catch(() => ({ status: 0, body: '' }))
    await until(async () => reasons(node).includes('flood'))
    expect((await client.post(event)).status).toBe(400)
    expect(reasons(node)).toContain('bad_packet')
    await until(async () => node.app.io.engine.clientsCount === 0)
    expect((await held).status).not.toBe(200)
  })

  test('loses its session if it would have to wait too long', async () => {
    const node = await startNode({ env: { MESSAGES_PER_SECOND: 1, MESSAGE_BURST: 1 } })
    const client = await Poller.connect(node)
    await client.post(times(400, event).join('\x1e'))
    expect((await client.post(event)).status).toBe(429)
    expect(reasons(node).filter((reason) => reason === 'flood').length).toBe(1)
    await until(async () => node.app.io.engine.clientsCount === 0)
  })
})

describe('a client of long-polling is disconnected as a slow reader', () => {
  test('that polls again and again and does not read the answers', async () => {
    const node = await startNode({ env: { MAX_BUFFERED_BYTES: 8_000_000, ANONYMOUS_DIALECTS: 'exchanger' } })
    const client = await Poller.connect(node)
    await client.post('40/exchanger,')
    await client.get()
    await client.post('42/exchanger,1["joinStream",{"channelName":"c"}]')
    await client.get()
    const speaker = await connect(node.url, { namespace: '/exchanger' })
    await speaker.request('joinStream', { channelName: 'c' })
    const offer = { channelName: 'c', sessionDescriptor: 'x'.repeat(60_000) }
    for (let round = 0; round < 10 && !reasons(node).includes('slow_reader'); round += 1) {
      await Promise.all(Array.from({ length: 100 }, () => speaker.request('offer', offer)))
      client.getUnread()
      await speaker.request('offer', offer)
    }
    expect(reasons(node)).toEqual(['slow_reader'])
  })

  test('that leaves many packets without data unread', async () => {
    const node = await startNode({ env: { MAX_BUFFERED_BYTES: 100_000 } })
    const client = await Poller.connect(node, 3)
    await client.post('1:2'.repeat(1000)) // the node answers each with a pong
    await until(async () => reasons(node).length > 0)
    expect(reasons(node)).toEqual(['slow_reader'])
  })
})
