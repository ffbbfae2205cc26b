import { describe, expect, test } from 'vitest'
import { connect, enter } from '../../support/client.ts'
import { caller, error, managementKeys } from '../../support/management-caller.ts'
import { lose, newRoom, startCluster } from '../../support/node.ts'

const nodes = await startCluster(3, { env: { MANAGEMENT_KEYS: managementKeys } })
const [a, b, c] = nodes
if (!a || !b || !c) throw new Error('No nodes')
const call = caller(a.url)
const pathOf = (room: string) => `/v1/rooms/${encodeURIComponent(room)}/messages`

test('a message from a backend reaches the participants on three nodes, with the seq in its answer', async () => {
  const room = newRoom()
  const clients = []
  for (const { url } of nodes) clients.push(await enter(url, { room }))
  const body = { event: 'quiz', data: { question: 'why?', options: [1, null, 'é'] } }
  const posted = await call('POST', pathOf(room), { body })
  expect(posted).toMatchObject({ status: 200, body: { seq: 4 } })
  for (const client of clients) {
    expect(await client.next('quiz')).toEqual({ event: 'quiz', data: body.data, meta: { seq: 4 } })
  }
})

test('a message to a participant in its window is delivered after its relogin, and to no other participant', async () => {
  const room = newRoom()
  const ann = await enter(b.url, { room })
  const bob = await enter(c.url, { room })
  await ann.next('participant')
  await lose(b, ann)
  const posted = await call('POST', pathOf(room), { body: { event: 'hint', data: 'psst', to: ann.id } })
  expect(posted).toMatchObject({ status: 200, body: { seq: 3 } })
  const back = await connect(c.url)
  await back.relogin(ann.ticket)
  expect(await back.next()).toEqual({ event: 'hint', data: 'psst', meta: { seq: 3 } })
  expect(await bob.barrier()).toEqual([])
})

test('messages of backends and of participants have consecutive numbers', async () => {
  const room = newRoom()
  const ann = await enter(b.url, { room })
  await Promise.all(
    Array.from({ length: 20 }, (_, n) =>
      n % 2 === 0
        ? call('POST', pathOf(room), { body: { event: 'tick', data: n } })
        : ann.request('text', { to: 'all', message: `${n}` }),
    ),
  )
  await ann.barrier()
  const seqs = ann.seen.map(({ meta }) => meta?.seq)
  expect(seqs).toEqual(Array.from({ length: 21 }, (_, n) => n + 2))
})

describe('a message is refused', () => {
  test.each([
    ['without an event', { data: 1 }],
    ['with an event that is a number', { event: 5 }],
    ['with an empty event', { event: '' }],
    ...['connect', 'connect_error', 'disconnect', 'disconnecting', 'newListener', 'removeListener'].map(
      (event) => [`as ${event}, which Socket.IO reserves`, { event }] as const,
    ),
    ['with an event that is too long', { event: 'x'.repeat(200) }],
    ['to a number', { event: 'e', to: 5 }],
    ['to an empty id', { event: 'e', to: '' }],
    ['with an unknown field', { event: 'e', from: 'admin' }],
    ['that is null', null],
    ['that is a list', [{ event: 'e' }]],
  ] as [string, unknown][])('%s', async (_name, body) => {
    const room = newRoom()
    const ann = await enter(a.url, { room })
    expect(await call('POST', pathOf(room), { body })).toMatchObject(error(400, 1201))
    expect(await ann.barrier()).toEqual([])
  })

  test('to a missing participant, and in a missing room', async () => {
    const room = newRoom()
    await enter(a.url, { room })
    const toMissing = await call('POST', pathOf(room), { body: { event: 'e', to: 'missing' } })
    expect(toMissing).toMatchObject(error(404, 1005, 'Participant not found'))
    const inMissingRoom = await call('POST', pathOf(newRoom()), { body: { event: 'e' } })
    expect(inMissingRoom).toMatchObject(error(404, 1003, 'Room not found'))
  })

  test('that is too large, too deep, truncated, or not JSON', async () => {
    const room = newRoom()
    const ann = await enter(a.url, { room })
    const send = (raw: string, type = 'application/json') =>
      call('POST', pathOf(room), { raw, headers: { 'content-type': type } })
    const deep = (depth: number) => `{"event":"e","data":${'['.repeat(depth)}${']'.repeat(depth)}}`
    expect(await send(JSON.stringify({ event: 'e', data: 'x'.repeat(70_000) }))).toMatchObject(error(413, 1201))
    expect(await send(deep(40))).toMatchObject(error(400, 1201))
    expect(await send(deep(30_000))).toMatchObject(error(400, 1201))
    for (const broken of ['{"event":', 'event', '{"event":"e"} x', '{"__proto__":{},"event":"e"}']) {
      expect(await send(broken)).toMatchObject(error(400, 1201, 'Failed to parse JSON body'))
    }
    expect(await send('{"event":"e"}', 'application/xml')).toMatchObject(error(415, 1201))
    expect(await send('event=e', 'application/x-www-form-urlencoded')).toMatchObject(error(415, 1201))
    expect(await send('{"event":"e"}', 'text/plain')).toMatchObject(error(400, 1201))
    expect(await send('')).toMatchObject(error(400, 1201))
    expect(await ann.barrier()).toEqual([])
  })
})

describe('an announcement', () => {
  test('reaches every client of /rooms, on every node', async () => {
    for (const { app } of nodes) app.io.of('/rooms') // the namespace exists whether its dialect is served or not
    const clients = await Promise.all(nodes.map(({ url }) => connect(url, { namespace: '/rooms' })))
    expect((await call('POST', '/v1/announcements', { body: { text: 'maintenance at six' } })).status).toBe(200)
    for (const client of clients) expect((await client.next('announcement')).data).toBe('maintenance at six')
  })

  test.each([
    [{}],
    [{ text: '' }],
    [{ text: 5 }],
    [{ text: 'x'.repeat(5000) }],
    [{ text: 'x', to: 'y' }],
    [null],
    ['x'],
  ])('is refused with the body %j', async (body) => {
    expect(await call('POST', '/v1/announcements', { body })).toMatchObject(error(400, 1201))
  })
})

test('every node lists the living nodes', async () => {
  for (const { url } of nodes) {
    const { status, body } = await caller(url)('GET', '/v1/nodes')
    expect(status).toBe(200)
    const ids = (body as { id: string }[]).map(({ id }) => id.split('.')[0])
    expect(ids.toSorted()).toEqual(nodes.map(({ config }) => config.nodeId).toSorted())
    const version = expect.stringMatching(/^\d+\./)
    expect(body).toContainEqual({
      id: expect.any(String),
      url: expect.any(String),
      version,
      connections: expect.any(Number),
    })
  }
})
