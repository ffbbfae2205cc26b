import { Redis } from 'ioredis'
import { describe, expect, onTestFinished, test } from 'vitest'
import { newId } from '../../../src/core/ids.ts'
import { startCluster, startNode } from '../../support/node.ts'
import { randomPrefix, startRedis } from '../../support/redis.ts'
import { caller, error, keys, managementKeys, mauth } from './caller.ts'

const env = { MANAGEMENT_KEYS: managementKeys }
const [a, b] = await startCluster(2, { env })
const call = caller(a?.url ?? '')
const other = caller(b?.url ?? '')
const refused = error(401, 1101, 'WWW-Authenticate: MAuth realm="http://marte3.dit.upm.es"')

const withHeader = (authorization: string, ask = call) => ask('GET', '/v1/nodes', { headers: { authorization } })

describe('who may ask', () => {
  test.each([
    ['the key', `Bearer ${keys.service}`],
    ['the key, scheme in small letters', `bearer ${keys.service}`],
    ['the old key of an id', `Bearer ${keys.old}`],
    ['the new key of the same id', `Bearer ${keys.new}`],
    ['a signed header', mauth()],
    ['one signed with the old key of an id', mauth(keys.old, { id: 'other' })],
    ['one signed with its new key', mauth(keys.new, { id: 'other' })],
    ['one with a user and a role', mauth(keys.service, { username: 'YW5u', role: 'viewer' })],
    ['one that is four minutes old', mauth(keys.service, { timestamp: `${Date.now() - 240_000}` })],
    ['one that is four minutes ahead', mauth(keys.service, { timestamp: `${Date.now() + 240_000}` })],
  ])('%s', async (_name, header) => {
    expect((await withHeader(header)).status).toBe(200)
  })
})

describe('who may not, and is not told why', () => {
  const good = mauth()
  test.each([
    ['nobody', ''],
    ['an empty scheme', 'Bearer '],
    ['a key of nobody', 'Bearer someone'],
    ['a key with its id', `Bearer service:${keys.service}`],
    ['an id for a key', 'Bearer service'],
    ['a key that is cut off', `Bearer ${keys.service.slice(0, -1)}`],
    ['two keys', `Bearer ${keys.service},${keys.old}`],
    ['another scheme', `Basic ${Buffer.from(`service:${keys.service}`).toString('base64')}`],
    ['no scheme', keys.service],
    ['a header of another key', mauth('a key that nobody has')],
    ['a key of another id', mauth(keys.service, { id: 'other' })],
    ['an id of nobody', mauth(keys.service, { id: 'nobody' })],
    ['no id', mauth(keys.service, { id: '' })],
    ['no nonce', mauth(keys.service, { cnonce: '' })],
    ['no time', mauth(keys.service, { timestamp: '' })],
    ['a time that is no number', mauth(keys.service, { timestamp: 'now' })],
    ['a time in seconds', mauth(keys.service, { timestamp: `${Math.floor(Date.now() / 1000)}` })],
    ['one that is six minutes old', mauth(keys.service, { timestamp: `${Date.now() - 360_000}` })],
    ['one that is six minutes ahead', mauth(keys.service, { timestamp: `${Date.now() + 360_000}` })],
    ['a signature that is none', mauth(keys.service, { signature: 'x' })],
    ['a signature that is empty', mauth(keys.service, { signature: '' })],
    ['another method', mauth(keys.service, { signature_method: 'none' })],
    ['a role that was not signed', `${good},mauth_username=YQ==,mauth_role=admin`],
    ['a header cut off anywhere', good.slice(0, 120)],
    ['a header without commas', good.replaceAll(',', ' ')],
    ['nothing but commas', `MAuth ${','.repeat(500)}`],
    ['a very long one', `MAuth ${'x=y,'.repeat(1500)}`],
    ['a token of a client', 'Bearer eyJhbGciOiJub25lIn0.e30.'],
  ])('%s', async (_name, header) => {
    const answer = await withHeader(header)
    expect(answer).toMatchObject(refused)
    expect(answer.headers.get('www-authenticate')).toContain('MAuth')
  })

  test('on no route of the API', async () => {
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
      // who asks is looked at before what is asked: the body is not even read
      const answer = await call(method, path, { headers, ...(method === 'GET' ? {} : { raw: '{"broken' }) })
      expect(answer, `${method} ${path}`).toMatchObject(refused)
    }
  })
})

describe('a signed header that was used', () => {
  test('is refused on every node', async () => {
    const header = mauth()
    expect((await withHeader(header)).status).toBe(200)
    expect(await withHeader(header)).toMatchObject(refused)
    expect(await withHeader(header, other)).toMatchObject(refused)
  })

  test('once of many times at once', async () => {
    const header = mauth()
    const answers = await Promise.all([call, other, call, other].map((ask) => withHeader(header, ask)))
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(1)
  })

  test('may have a nonce that another had, at another time', async () => {
    const [cnonce, now] = [newId(), Date.now()]
    for (const timestamp of [now, now + 1]) {
      expect((await withHeader(mauth(keys.service, { cnonce, timestamp: `${timestamp}` }))).status).toBe(200)
    }
  })

  test('is good for ever where that is asked for', async () => {
    const node = await startNode({ env: { ...env, MAUTH_REPLAY_CHECK: 'off' } })
    const header = mauth(keys.service, { timestamp: '1406079112038' })
    for (let time = 0; time < 2; time += 1) expect((await withHeader(header, caller(node.url))).status).toBe(200)
    expect(await withHeader(mauth('wrong'), caller(node.url))).toMatchObject(refused)
  })
})

test('without keys there is no API, and no description of one', async () => {
  const node = await startNode()
  const ask = caller(node.url)
  for (const path of ['/v1/rooms', '/v1/nodes', '/v1.1/rooms/x', '/docs', '/docs/json']) {
    expect(await ask('GET', path), path).toMatchObject(error(404, 1001, 'Resource not found'))
  }
})

describe('a signed header that was used before Redis lost what it knew', () => {
  const lose: [string, (redis: Redis) => Promise<unknown>][] = [
    ['everything', (redis) => redis.flushall()],
    ['its newest writes', loseNewest],
  ]

  test.each(lose)('%s: it is refused on every node, and one that is signed after that is not', async (_what, lose) => {
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

  test('one that a client signed whose clock is ahead is refused by the node that saw it', async () => {
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

/** As on a replica that takes over without them: the header is gone, and the server has another history. */
async function loseNewest(redis: Redis): Promise<void> {
  for (const key of await redis.keys('*mauth:*')) await redis.del(key)
  for (const key of await redis.keys('*:{used}')) await redis.hset(key, 'server', 'another process, another history')
}

test('while the store is away nobody is let in by a header that may have been used, and it is said so', async () => {
  const redis = await startRedis()
  const node = await startNode({ env, redis: { url: redis.url } })
  await redis.stop()
  const ask = caller(node.url)
  const away = error(503, 2001, 'Service unavailable')
  const answers = await Promise.all([mauth(), `Bearer ${keys.service}`].map((header) => withHeader(header, ask)))
  for (const answer of answers) expect(answer).toMatchObject(away)
  expect(await withHeader('Bearer wrong', ask)).toMatchObject(refused)
  // a path that asks nothing of the store: it is the header that is not believed
  const nowhere = (authorization: string) => ask('GET', '/v1/rooms?page=x', { headers: { authorization } })
  expect(await nowhere(mauth())).toMatchObject(away)
  expect(await nowhere(`Bearer ${keys.service}`)).toMatchObject(error(400, 1201))
})
