import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Client, enter } from '../../support/client.ts'
import { FaultProxy } from '../../support/fault-proxy.ts'
import { type Answer, caller, error, managementKeys, mauth } from '../../support/management-caller.ts'
import { both, mesh } from '../../support/media.ts'
import { newRoom, startNode, type TestNode } from '../../support/node.ts'
import { type RedisServer, startRedis } from '../../support/redis.ts'

/** The limit for an answer, however many calls to the store the request needs: 5 s, and a margin for a busy machine. */
const maxAnswerMs = 6000

const unavailable = error(503, 2001, 'Service unavailable')

let redis: RedisServer
let proxy: FaultProxy
let node: TestNode
let call: ReturnType<typeof caller>
beforeAll(async () => {
  redis = await startRedis()
  proxy = await FaultProxy.start()
  proxy.target = redis.port
  const url = `redis://127.0.0.1:${proxy.port}`
  node = await startNode({ redis: { url }, env: { MANAGEMENT_KEYS: managementKeys, RECONNECT_WINDOW: 60 } })
  call = caller(node.url)
})
afterAll(async () => {
  await node.close()
  await redis.stop()
})

/** A configured room with a participant that publishes a stream. */
type Scene = { room: string; ann: Client; stream: string }

async function scene(): Promise<Scene> {
  const room = newRoom()
  const ann = await enter(node.url, { room })
  await call('PUT', `/v1/rooms/${encodeURIComponent(room)}`, { body: { participantLimit: 5 } })
  const { id } = (await ann.ask('publish', { media: both, transport: mesh })) as { id: string }
  return { room, ann, stream: id }
}

/** A body for each operation that has one. The list of operations comes from the OpenAPI document. */
const bodies: { [operation: string]: (scene: Scene) => unknown } = {
  'POST /rooms': () => ({ name: newRoom() }),
  'PUT /rooms/{room}': () => ({ participantLimit: 3 }),
  'PATCH /rooms/{room}': () => [{ op: 'replace', path: '/participantLimit', value: 4 }],
  'POST /rooms/{room}/tokens': () => ({ user: 'bob', role: 'presenter' }),
  'POST /rooms/{room}/messages': () => ({ event: 'late' }),
  'PATCH /rooms/{room}/participants/{id}': () => [{ op: 'replace', path: '/permission/publish/audio', value: false }],
  'PATCH /rooms/{room}/streams/{id}': () => [{ op: 'replace', path: '/media/audio/status', value: 'inactive' }],
  'POST /announcements': () => ({ text: 'late' }),
}

/** Does not wait for the store, because it may be lost. */
const lossy = 'POST /announcements'

type Operation = { name: string; method: string; path: string }

/** The operations of `/v1`. `/v1.1` has the same routes from the same code. */
async function operations(): Promise<Operation[]> {
  const { paths } = (await call('GET', '/docs/json')).body as { paths: { [path: string]: object } }
  const first = Object.entries(paths).filter(([path]) => path.startsWith('/v1/'))
  return first.flatMap(([path, methods]) =>
    Object.keys(methods).map((key) => {
      const method = key.toUpperCase()
      return { name: `${method} ${path.replace('/v1', '')}`, method, path }
    }),
  )
}

/** Sends a request; resolves to the answer and its duration. */
async function timed({ name, method, path }: Operation, of: Scene, authorization?: string) {
  const id = path.includes('streams') ? of.stream : of.ann.id
  const body = bodies[name]?.(of)
  const bearer = path.endsWith('ice-servers') ? `Bearer ${of.ann.ticket}` : authorization
  const sentAt = performance.now()
  const answer = await call(method, path.replace('{room}', encodeURIComponent(of.room)).replace('{id}', id), {
    ...(body === undefined ? {} : { body }),
    ...(bearer === undefined ? {} : { headers: { authorization: bearer } }),
  })
  return { name, answer, ms: performance.now() - sentAt }
}

/** Everything that the API can change. */
async function state({ room, ann }: Scene): Promise<unknown> {
  const path = `/v1/rooms/${encodeURIComponent(room)}`
  const read = async (of: string): Promise<Answer['body']> => (await call('GET', `${path}${of}`)).body
  await ann.barrier()
  const rooms = ((await call('GET', '/v1/rooms')).body as { name: string }[]).map(({ name }) => name)
  const seen = ann.seen.map(({ event, data }) => ({ event, data })).filter(({ event }) => event !== 'text') // not the barriers
  return { rooms, seen, room: await read(''), members: await read('/participants'), streams: await read('/streams') }
}

test('with a Redis that hangs each request is answered 503 within 5 s, and not executed when Redis continues', {
  timeout: 30_000,
}, async () => {
  const asked = await operations()
  expect(asked.length).toBeGreaterThan(15)
  const of = await scene()
  const before = await state(of)
  redis.pause()
  const results = await Promise.all(asked.map((operation) => timed(operation, of)))
  redis.resume()
  for (const { name, answer, ms } of results) {
    expect(answer, name).toMatchObject(name === lossy ? { status: 200 } : unavailable)
    expect(ms, name).toBeLessThan(maxAnswerMs)
  }
  expect(await state(of)).toEqual(before)
})

test('with a Redis that answers each command after 1.6 s, a request that needs too many calls is answered 503 within 5 s', {
  timeout: 30_000,
}, async () => {
  const of = await scene()
  proxy.delay(800)
  const results = await Promise.all([
    timed({ name: 'PATCH /rooms/{room}', method: 'PATCH', path: '/v1/rooms/{room}' }, of),
    timed({ name: 'DELETE /rooms/{room}', method: 'DELETE', path: '/v1/rooms/{room}' }, of),
    timed({ name: 'the check of a signed header', method: 'GET', path: '/v1/rooms/{room}' }, of, mauth()),
  ])
  for (const { name, answer, ms } of results) {
    expect(answer, name).toMatchObject(unavailable)
    expect(ms, name).toBeLessThan(maxAnswerMs)
  }
  await proxy.pass()
  await of.ann.barrier() // the participant was not dropped after the answer
})
