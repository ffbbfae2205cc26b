import { Redis } from 'ioredis'
import { describe, expect, onTestFinished, test } from 'vitest'
import { newId } from '../../../src/core/ids.ts'
import { caller, error, keys, managementKeys, mauth } from '../../support/management-caller.ts'
import { startCluster, startNode } from '../../support/node.ts'
import { randomPrefix, startRedis } from '../../support/redis.ts'

const env = { MANAGEMENT_KEYS: managementKeys }
const [a, b] = await startCluster(2, { env })
const call = caller(a?.url ?? '')
const other = caller(b?.url ?? '')
const refused = error(401, 1101, 'WWW-Authenticate: MAuth realm="http://marte3.dit.upm.es"')

const withHeader = (authorization: string, ask = call) => ask('GET', '/v1/nodes', { headers: { authorization } })

describe('a request is accepted with', () => {
  test.each([
    ['the key', `Bearer ${keys.service}`],
    ['the key, and the scheme in lower case', `bearer ${keys.service}`],
    ['the old key of an id', `Bearer ${keys.old}`],
    ['the new key of the same id', `Bearer ${keys.new}`],
    ['a signed header', mauth()],
    ['a header that is signed with the old key of an id', mauth(keys.old, { id: 'other' })],
    ['a header that is signed with its new key', mauth(keys.new, { id: 'other' })],
    ['a header with a user and a role', mauth(keys.service, { username: 'YW5u', role: 'viewer' })],
    ['a header that is four minutes old', mauth(keys.service, { timestamp: `${Date.now() - 240_000}` })],
    ['a header that is four minutes ahead', mauth(keys.service, { timestamp: `${Date.now() + 240_000}` })],
  ])('%s', async (_name, header) => {
    expect((await withHeader(header)).status).toBe(200)
  })
})

describe('a request is refused, with the same message, with', () => {
  const good = mauth()
  test.each([
    ['no header', ''],
    ['an empty scheme', 'Bearer '],
    ['an unknown key', 'Bearer someone'],
    ['a key with its id', `Bearer service:${keys.service}`],
    ['an id as the key', 'Bearer service'],
    ['a key that is cut off', `Bearer ${keys.service.slice(0, -1)}`],
    ['two keys', `Bearer ${keys.service},${keys.old}`],
    ['another scheme', `Basic ${Buffer.from(`service:${keys.service}`).toString('base64')}`],
    ['no scheme', keys.service],
    ['a header that is signed with an unknown key', mauth('a key that nobody has')],
    ['a key of another id', mauth(keys.service, { id: 'other' })],
    ['an unknown id', mauth(keys.service, { id: 'nobody' })],
    ['no id', mauth(keys.service, { id: '' })],
    ['no nonce', mauth(keys.service, { cnonce: '' })],
    ['no time', mauth(keys.service, { timestamp: '' })],
    ['a time that is not a number', mauth(keys.service, { timestamp: 'now' })],
    ['a time in seconds', mauth(keys.service, { timestamp: `${Math.floor(Date.now() / 1000)}` })],
    ['a header that is six minutes old', mauth(keys.service, { timestamp: `${Date.now() - 360_000}` })],
    ['a header that is six minutes ahead', mauth(keys.service, { timestamp: `${Date.now() + 360_000}` })],
    ['a malformed signature', mauth(keys.service, { signature: 'x' })],
    ['an empty signature', mauth(keys.service, { signature: '' })],
    ['another method', mauth(keys.service, { signature_method: 'none' })],
    ['a role that was not signed', `${good},mauth_username=YQ==,mauth_role=admin`],
    ['a truncated header', good.slice(0, 120)],
    ['a header without commas', good.replaceAll(',', ' ')],
    ['a header of commas', `MAuth ${','.repeat(500)}`],
    ['a very long header', `MAuth ${'x=y,'.repeat(1500)}`],
    ['a token of a client', 'Bearer eyJhbGciOiJub25lIn0.e30.'],
  ])('%s', async (_name, header) => {
    const answer = await withHeader(header)
    expect(answer).toMatchObject(refused)
    expect(answer.headers.get('www-authenticate')).toContain('MAuth')
  })

  test('a wrong key, on every route of the API', async () => {
    const routes = [
      ['GET', '/v1/rooms'],
      ['POST', '/v1/rooms'],
      ['PUT', '/v1/rooms/x'],
      ['PATCH', '/v1/rooms/x'],
      ['DELETE', '/v1/rooms/x'],
      ['POST', '/v1/rooms/x/tokens'],
      ['GET', '/v1/rooms/x/participants'],
      ['DELETE', '/v1.1/rooms/x/participants/y'],
      ['PATCH', '/v1.1/rooms/x/streams/y'],
      ['POST', '/v1/rooms/x/messages'],
      ['POST', '/v1/announcements'],
      ['GET', '/v1.1/nodes'],
    ] as const
    for (const [method, path] of routes) {
      const headers = { authorization: 'Bearer wrong' }
      // the key is checked first: the node does not read the invalid body
      const answer = await call(method, path, { headers, ...(method === 'GET' ? {} : { raw: '{"broken' }) })
      expect(answer, `${method} ${path}`).toMatchObject(refused)
    }
  })
})

describe('a signed header', () => {
  test('that was used is refused on every node', async () => {
    const header = mauth()
    expect((await withHeader(header)).status).toBe(200)
    expect(await withHeader(header)).toMatchObject(refused)
    expect(await withHeader(header, other)).toMatchObject(refused)
  })

  test('that is sent several times at once is accepted once', async () => {
    const header = mauth()
    const answers = await Promise.all([call, other, call, other].map((ask) => withHeader(header, ask)))
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(1)
  })

  test('may have the cnonce of another header with another time', async () => {
    const [cnonce, now] = [newId(), Date.now()]
    for (const timestamp of [now, now + 1]) {
      expect((await withHeader(mauth(keys.service, { cnonce, timestamp: `${timestamp}` }))).status).toBe(200)
    }
  })

  test('is accepted at any time, repeatedly, with MAUTH_REPLAY_CHECK=off', async () => {
    const node = await startNode({ env: { ...env, MAUTH_REPLAY_CHECK: 'off' } })
    const header = mauth(keys.service, { timestamp: '1406079112038' })
    for (let time = 0; time < 2; time += 1) expect((await withHeader(header, caller(node.url))).status).toBe(200)
    expect(await withHeader(mauth('wrong'), caller(node.url))).toMatchObject(refused)
  })
})

test('a node without keys has neither the API nor its documentation', async () => {
  const node = await startNode()
  const ask = caller(node.url)
  for (const path of ['/v1/rooms', '/v1/nodes', '/v1.1/rooms/x', '/docs', '/docs/json']) {
    expect(await ask('GET', path), path).toMatchObject(error(404, 1001, 'Resource not found'))
  }
})

describe('a header that was used before Redis lost', () => {
  const lose: [string, (redis: Redis) => Promise<unknown>][] = [
    ['everything', (redis) => redis.flushall()],
    ['its newest writes', loseNewest],
  ]

  test.each(lose)('%s is refused on every node, and a header that is signed later is accepted', async (_what, lose) => {
    const server = await startRedis()
    onTestFinished(() => server.stop())
    const redis = { url: server.url, prefix: randomPrefix() }
    const nodes = [await startNode({ env, redis }), await startNode({ env, redis })]
    const [here, there] = nodes.map(({ url }) => caller(url)) as [typeof call, typeof call]
    const client = new Redis(server.url)
    onTestFinished(async () => {
      await Promise.all(nodes.map((node) => node.close()))
      client.disconnect()
    })
    const header = mauth()
    expect((await withHeader(header, here)).status).toBe(200)
    await lose(client)
    expect(await withHeader(header, there)).toMatchObject(refused)
    expect(await withHeader(header, here)).toMatchObject(refused)
    expect((await withHeader(mauth(), here)).status).toBe(200)
    expect((await withHeader(mauth(), there)).status).toBe(200)
  })

  test('everything, by a client whose clock is ahead, is refused by the node that accepted it', async () => {
    const server = await startRedis()
    onTestFinished(() => server.stop())
    const node = await startNode({ env, redis: { url: server.url } })
    onTestFinished(() => node.close())
    const client = new Redis(server.url)
    onTestFinished(() => client.disconnect())
    const header = mauth(keys.service, { timestamp: `${Date.now() + 60_000}` })
    expect((await withHeader(header, caller(node.url))).status).toBe(200)
    await client.flushall()
    expect(await withHeader(header, caller(node.url))).toMatchObject(refused)
  })
})

/** Makes Redis look like a replica that took over without the newest writes: the header is missing, and the server is another one. */
async function loseNewest(redis: Redis): Promise<void> {
  for (const key of await redis.keys('*mauth:*')) await redis.del(key)
  for (const key of await redis.keys('*:{used}')) await redis.hset(key, 'server', 'another process, another history')
}

test('while Redis is unavailable, a signed header is answered 503, because it may have been used', async () => {
  const redis = await startRedis()
  const node = await startNode({ env, redis: { url: redis.url } })
  await redis.stop()
  const ask = caller(node.url)
  const unavailable = error(503, 2001, 'Service unavailable')
  const answers = await Promise.all([mauth(), `Bearer ${keys.service}`].map((header) => withHeader(header, ask)))
  for (const answer of answers) expect(answer).toMatchObject(unavailable)
  expect(await withHeader('Bearer wrong', ask)).toMatchObject(refused)
  // the node refuses this query without the store, so the 503 comes from the check of the header
  const invalidQuery = (authorization: string) => ask('GET', '/v1/rooms?page=x', { headers: { authorization } })
  expect(await invalidQuery(mauth())).toMatchObject(unavailable)
  expect(await invalidQuery(`Bearer ${keys.service}`)).toMatchObject(error(400, 1201))
})
