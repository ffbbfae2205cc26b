import { once } from 'node:events'
import { request } from 'node:http'
import { type AddressInfo, createServer, type Socket } from 'node:net'
import { afterAll, expect, test } from 'vitest'
import { WebSocket } from 'ws'
import { forwardedHeader } from '../../../src/gateway/proxy/forwarded-header.ts'
import { startCluster, startNode, type TestNode, testIntervals } from '../../support/node.ts'
import { freePorts } from '../../support/ports.ts'
import { until } from '../../support/until.ts'
import { expectRise, measure } from '../observability/scrape.ts'

/** Handmade requests for connections of another node: which are forwarded, and how the node answers the others. */

/** The address of a proxy that the nodes trust; the nodes have another address. */
const proxy = '127.0.0.7'
const [here, there] = (await startCluster(2, { env: { TRUST_PROXY: proxy } })) as [TestNode, TestNode]
const unknown = { status: 400, text: JSON.stringify({ code: 1, message: 'Session ID unknown' }) }

/** A server that records what it receives and answers nothing. */
const silent = { received: '', sockets: new Set<Socket>() }
const listener = createServer((socket) => {
  silent.sockets.add(socket)
  socket.on('data', (data) => {
    silent.received += data
  })
  socket.on('error', () => {})
})
listener.listen(0, '127.0.0.1')
await once(listener, 'listening')
const silentUrl = `http://127.0.0.1:${(listener.address() as AddressInfo).port}`
afterAll(() => {
  for (const socket of silent.sockets) socket.destroy()
  listener.close()
})

type RequestContext = {
  method?: string
  headers?: { [name: string]: string }
  body?: string
  query?: string
  localAddress?: string
}
type Answer = { status: number | undefined; text: string; headers: { [name: string]: string[] | undefined } }

function ask(
  { url }: TestNode,
  sid: string,
  { method = 'GET', headers = {}, body, query, localAddress }: RequestContext = {},
) {
  const address = `${url}/socket.io/?EIO=4&transport=polling&${query ?? `sid=${encodeURIComponent(sid)}`}`
  return new Promise<Answer>((resolve, reject) => {
    const sent = request(address, { method, headers, agent: false, localAddress }, async (response) => {
      const text = Buffer.concat(await response.toArray()).toString()
      resolve({ status: response.statusCode, text, headers: response.headersDistinct })
    })
    sent.on('error', reject).end(body)
  })
}

/** Resolves when each node is registered with its real port: until then the others cannot reach it. */
async function listed(nodes: TestNode[]): Promise<void> {
  const [first] = nodes
  const urls = nodes.map(({ url }) => url)
  await until(async () => {
    const known = (await first?.app.store.nodes.list()) ?? []
    return urls.every((url) => known.some((node) => new URL(node.url).port === new URL(url).port))
  })
}

/** Resolves to the status: 101, or the status of the refusal. */
async function upgrade({ url }: TestNode, sid: string): Promise<number> {
  const socket = new WebSocket(`${url.replace('http', 'ws')}/socket.io/?EIO=4&transport=websocket&sid=${sid}`)
  const refused = once(socket, 'unexpected-response').then(([, response]) => response.statusCode as number)
  const status = await Promise.race([refused, once(socket, 'open').then(() => 101)])
  socket.on('error', () => {}).terminate()
  return status
}

/** Opens a connection with long-polling. Resolves to its id. */
async function open(node: TestNode, headers: { [name: string]: string } = {}): Promise<string> {
  const { text } = await ask(node, '', { query: '', headers })
  return JSON.parse(text.slice(1)).sid
}

/** Registers a node with this URL. Resolves to a connection id that names it. */
async function register(name: string, url: string, node = here): Promise<string> {
  await node.app.store.nodes.heartbeat({ id: `${name}.0123abcd`, url, version: '1', connections: 0 })
  return `${name}.0123abcd${'x'.repeat(12)}`
}

test('a request for a connection of the other node is forwarded to it with its body and headers', async () => {
  const sid = await open(there)
  expect(await ask(here, sid, { method: 'POST', body: '40' })).toMatchObject({ status: 200, text: 'ok' })
  expect((await ask(here, sid)).text).toMatch(/^40\{"sid"/)
  expect((await ask(here, sid, { method: 'POST', body: '1' })).text).toBe('ok')
})

test('an answer has the CORS headers once, and every node answers a preflight', async () => {
  const sid = await open(there)
  const headers = { origin: 'https://app.example' }
  const allowed = { 'access-control-allow-origin': ['https://app.example'], vary: ['Origin'] }
  const post = await ask(here, sid, { method: 'POST', body: '40', headers })
  expect(post).toMatchObject({ status: 200, headers: allowed })
  const preflight = { ...headers, 'access-control-request-method': 'POST' }
  expect(await ask(here, sid, { method: 'OPTIONS', headers: preflight })).toMatchObject({
    status: 204,
    headers: { 'access-control-allow-origin': ['https://app.example'] },
  })
})

const suffix = '.0123abcd'
test.each([
  ['nothing', ''],
  ['garbage', 'garbage'],
  ['an address', '127.0.0.1:PORT'],
  ['a URL', 'http://127.0.0.1:PORT/'],
  ['an address as a node', `127.0.0.1:PORT${suffix}${'x'.repeat(12)}`],
  ['an address without a port as a node', `127.0.0.1${suffix}${'x'.repeat(12)}`],
  ['a path', `../../${suffix}${'x'.repeat(12)}`],
  ['a name of the language', `__proto__${suffix}${'x'.repeat(12)}`],
  ['a node that there is not', `nobody${suffix}${'x'.repeat(12)}`],
  ['4000 characters', 'x'.repeat(4000)],
  ['a node of 4000 characters', `${'x'.repeat(4000)}${suffix}${'x'.repeat(12)}`],
  ['line breaks', `nobody${suffix}${'x'.repeat(10)}\r\n`],
])('a request with an id that is %s is not forwarded', async (_what, id) => {
  const sid = id.replace('PORT', String(new URL(silentUrl).port))
  const before = await measure(here, 'forwarded_total')
  const answer = await ask(here, sid)
  if (sid === '') expect(answer.text, 'a handshake').toMatch(/^0/)
  else expect(answer).toMatchObject(unknown)
  expect(await upgrade(here, encodeURIComponent(sid))).toBe(sid === '' ? 101 : 400)
  expect(await measure(here, 'forwarded_total')).toBe(before)
  expect(silent.received).toBe('')
})

test('an id that no node makes causes no lookup', async () => {
  // the metric also counts the lists of the survey and the reconciler: on this node only the survey's first one
  const intervals = { ...testIntervals, trackRoomsMs: 3_600_000, reconcileMs: 3_600_000 }
  const node = await startNode({ redis: true, parts: { intervals } })
  const lookups = () => measure(node, 'redis_seconds', { operation: 'nodes' })
  await expect.poll(lookups).toBe(1)
  for (const sid of ['garbage', `nobody${'x'.repeat(12)}`, `${'x'.repeat(65)}${suffix}${'x'.repeat(12)}`]) {
    expect(await ask(node, sid)).toMatchObject(unknown)
  }
  expect(await lookups()).toBe(1)
  expect(await ask(node, `nobody${suffix}${'x'.repeat(12)}`)).toMatchObject(unknown)
  expect(await lookups()).toBe(2)
})

test('a request line with an id that is too long gets 431', async () => {
  expect((await ask(here, 'x'.repeat(20_000))).status).toBe(431)
})

test('an id that names a node without such a connection is unknown', async () => {
  const sid = await open(there)
  const own = await open(here)
  const before = await measure(here, 'forwarded_total')
  expect(await ask(here, `${own.slice(0, -12)}${'x'.repeat(12)}`)).toMatchObject(unknown)
  expect(await measure(here, 'forwarded_total')).toBe(before)
  await expectRise(here, ['forwarded_total', { transport: 'polling' }, 1], async () => {
    expect(await ask(here, `${sid.slice(0, -12)}${'x'.repeat(12)}`)).toMatchObject(unknown)
  })
})

test('a request for a connection of an earlier process of the same name is not forwarded', async () => {
  const sid = await open(there)
  const before = await measure(here, 'forwarded_total')
  expect(await ask(here, `${there.config.nodeId}.0123abcd${sid.slice(-12)}`)).toMatchObject(unknown)
  expect(await measure(here, 'forwarded_total')).toBe(before)
})

test('a forwarded request is not forwarded again, whatever the registry contains', async () => {
  const sid = await register('mirror', here.url)
  await expectRise(here, ['forwarded_total', { transport: 'polling' }, 1], async () => {
    expect(await ask(here, sid)).toMatchObject(unknown)
  })
  await expectRise(here, ['forwarded_total', { transport: 'websocket' }, 1], async () => {
    expect(await upgrade(here, sid)).toBe(400)
  })
})

test('a client’s request with the header of a forwarded one is served by its own node, and not forwarded', async () => {
  const sid = await open(there)
  const headers = { [forwardedHeader]: '203.0.113.66 forged' }
  expect(await ask(here, sid, { method: 'POST', body: '40', headers })).toMatchObject(unknown)
  expect(await ask(there, sid, { method: 'POST', body: '40', headers })).toMatchObject({ status: 200 })
})

const large = 'x'.repeat(4 * 1024 * 1024 + 1)
const tooLarge = (node: TestNode) => node.logs.lines.filter(({ reason }) => reason === 'frame_too_large')

test('the node of the connection refuses a body that is too large, and logs the client’s address', async () => {
  const sid = await open(there)
  const headers = { 'X-Forwarded-For': '203.0.113.1' }
  const { status } = await ask(here, sid, { method: 'POST', body: `4${large}`, headers, localAddress: proxy })
  expect(status).toBe(413)
  expect(tooLarge(there)).toMatchObject([{ address: '203.0.113.1' }])
  expect(tooLarge(here)).toEqual([])
})

test('the address in a header with a forged signature is ignored', async () => {
  const strangers = await startNode({ redis: true, env: { TRUST_PROXY: 'loopback' } })
  const sid = await open(strangers)
  const headers = { 'X-Forwarded-For': '203.0.113.2', [forwardedHeader]: '203.0.113.66 forged' }
  expect((await ask(strangers, sid, { method: 'POST', body: `4${large}`, headers })).status).toBe(413)
  expect(tooLarge(strangers)).toMatchObject([{ address: '203.0.113.2' }])
})

test('a client counts once, on the node of its connection, under its own address', async () => {
  const nodes = await startCluster(2, { env: { TRUST_PROXY: 'loopback', CONNECTIONS_PER_IP: 1 } })
  const [one, two] = nodes as [TestNode, TestNode]
  await listed(nodes)
  const ann = { 'X-Forwarded-For': '203.0.113.1' }
  const ben = { 'X-Forwarded-For': '203.0.113.2' }
  const sid = await open(one, ann)
  expect(await ask(two, sid, { method: 'POST', body: '40', headers: ann })).toMatchObject({ status: 200 })
  expect((await ask(two, sid, { headers: ann })).text).toMatch(/^40/)
  // her only connection counts on its own node; neither hers nor one of the forwarding node counts on the other
  expect(await ask(one, '', { query: '', headers: ann })).toMatchObject({ status: 403 })
  await open(one, ben)
  await open(two, ann)
})

test('a node forwards at most MAX_CONNECTIONS requests at a time, and answers 503 to others', async () => {
  const nodes = await startCluster(2, { env: { MAX_CONNECTIONS: 1 } })
  const [one, two] = nodes as [TestNode, TestNode]
  await listed(nodes)
  const sid = await open(two)
  expect(await ask(two, sid, { method: 'POST', body: '40' })).toMatchObject({ status: 200 })
  expect((await ask(two, sid)).text).toMatch(/^40/)
  const waiting = ask(one, sid)
  await expect.poll(() => measure(one, 'forwarding')).toBe(1)
  expect(await ask(one, sid, { method: 'POST', body: '41' })).toMatchObject({ status: 503 })
  expect(await measure(one, 'refused_total', { reason: 'connections' })).toBe(1)
  expect(await ask(two, sid, { method: 'POST', body: '1' })).toMatchObject({ status: 200 })
  expect((await waiting).status).toBe(200)
})

const unreachable = ['refused_total', { reason: 'node_unreachable' }, 1] as const

test('a request for a connection of a node that ended gets "unknown session" at once, over either transport', async () => {
  const [port = 0] = await freePorts(1)
  const sid = await register('gone', `http://127.0.0.1:${port}`)
  const before = await measure(here, 'refused_total', { reason: 'bad_handshake' })
  for (const times of [1, 2]) {
    await expectRise(here, [...unreachable], async () => {
      expect(await ask(here, sid, { method: 'POST', body: `${times}` })).toMatchObject(unknown)
    })
  }
  await expectRise(here, [...unreachable], async () => expect(await upgrade(here, sid)).toBe(400))
  const [line] = here.logs.lines.filter(({ reason }) => reason === 'node_unreachable')
  expect(line).toMatchObject({
    level: 30,
    otherNode: 'gone.0123abcd',
    address: '127.0.0.1',
    msg: 'request not forwarded',
  })
  expect(await measure(here, 'refused_total', { reason: 'bad_handshake' }), 'one reason').toBe(before)
})

test('a request for a silent node waits as long as a connection may be silent', async () => {
  const brief = await startNode({ redis: true, env: { PING_INTERVAL: 0.3, PING_TIMEOUT: 0.2 } })
  const sid = await register('silent', silentUrl, brief)
  await expectRise(brief, [...unreachable], async () => expect(await ask(brief, sid)).toMatchObject(unknown))
  expect(silent.received).toContain(`GET /socket.io/?EIO=4&transport=polling&sid=${sid} HTTP/1.1\r\n`)
})

test('a poll whose node dies gets "unknown session"', async () => {
  const sid = await register('dying', silentUrl)
  const known = silent.sockets.size
  await expectRise(here, [...unreachable], async () => {
    const polling = ask(here, sid)
    await expect.poll(() => silent.sockets.size).toBe(known + 1)
    for (const socket of silent.sockets) socket.resetAndDestroy()
    expect(await polling).toMatchObject(unknown)
  })
})

test('a request is forwarded to an IPv6 address, and not to an invalid one', async () => {
  const six = await startNode({ redis: { prefix: here.config.redisPrefix }, env: { HOST: '::1' } }).catch(
    () => undefined,
  )
  expect(six?.config.nodeUrl ?? 'no IPv6 here').toMatch(/^http:\/\/\[::1\]:0$|^no IPv6 here$/)
  if (six) {
    const { port } = new URL(six.url)
    const sid = await open({ ...six, url: `http://[::1]:${port}` })
    expect(await ask(here, sid, { method: 'POST', body: '40' })).toMatchObject({ status: 200 })
  }
  expect(await ask(here, await register('odd', 'http://'))).toMatchObject(unknown)
})

test('an upgrade to another protocol than WebSocket is refused with an answer', async () => {
  const sid = await open(there)
  const headers = { connection: 'Upgrade', upgrade: 'h2c' }
  expect((await ask(here, sid, { headers })).status).toBe(400)
  expect((await ask(here, sid, { method: 'POST', headers: { ...headers, upgrade: 'websocket' } })).status).toBe(400)
})
