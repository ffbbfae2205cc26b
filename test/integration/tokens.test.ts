import { describe, expect, test } from 'vitest'
import { connect, loginInfo } from '../support/client.ts'
import { newRoom, startNode, testSecret } from '../support/node.ts'

const node = await startNode()
const production = await startNode({ env: { NODE_ENV: 'production', SIGNALBOX_SECRET: testSecret } })

const post = (url: string, body: unknown, path = '/tokens/', headers: { [name: string]: string } = {}) =>
  fetch(`${url}${path}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: typeof body === 'string' ? body : JSON.stringify(body),
  })
const read = (token: string) => JSON.parse(Buffer.from(token, 'base64').toString())

describe('POST /tokens/, which OWT’s sample pages call,', () => {
  test.each(['/tokens/', '/tokens'])(
    'at %s answers with a token as text, which is valid for one login',
    async (path) => {
      const room = newRoom()
      const response = await post(node.url, { room, user: 'ann', role: 'viewer' }, path)
      expect(response.status).toBe(200)
      expect(response.headers.get('content-type')).toContain('text/plain')
      const token = await response.text()
      expect(read(token)).toMatchObject({ host: new URL(node.url).host, secure: false })
      const ann = await connect(node.url)
      expect(await ann.login({ room, token })).toMatchObject({ user: 'ann', role: 'viewer', room: { id: room } })
      await ann.whenConfirmed()
      const again = await connect(node.url)
      expect((await again.request('login', loginInfo({ room, token }))).code).toBe('token_used')
    },
  )

  test.each([
    ['an empty body', {}, { room: 'sampleRoom', user: 'user', role: 'presenter' }],
    ['an empty room', { room: '', user: 'ann' }, { room: 'sampleRoom', user: 'ann', role: 'presenter' }],
    ['unknown fields', { room: 'r', preference: { isp: 'isp' } }, { room: 'r' }],
  ])('with %s issues a token with default claims for the missing fields', async (_name, body, expected) => {
    expect(read(await (await post(node.url, body)).text())).toMatchObject(expected)
  })

  test('issues a token with the address of the proxy if the proxy is trusted', async () => {
    const proxied = await startNode({ env: { TRUST_PROXY: 'true' } })
    const headers = { 'x-forwarded-host': 'rtc.example', 'x-forwarded-proto': 'https' }
    const token = await (await post(proxied.url, {}, '/tokens/', headers)).text()
    expect(read(token)).toMatchObject({ host: 'rtc.example', secure: true })
    const direct = await (await post(node.url, {}, '/tokens/', headers)).text()
    expect(read(direct)).toMatchObject({ host: new URL(node.url).host, secure: false })
  })

  test('allows requests from pages of other origins', async () => {
    const response = await post(node.url, {}, '/tokens/', { origin: 'https://pages.example' })
    expect(response.headers.get('access-control-allow-origin')).toBe('https://pages.example')
  })

  test('answers 404 in production', async () => {
    const response = await post(production.url, { room: 'r', user: 'u', role: 'presenter' })
    expect(response.status).toBe(404)
    expect(await response.json()).toEqual({ error: { code: 1001, message: 'Resource not found' } })
  })

  test('is served in production if DEMO is set', async () => {
    const demo = await startNode({ env: { NODE_ENV: 'production', DEMO: 'true' } })
    expect((await post(demo.url, {})).status).toBe(200)
  })
})

test.each([
  ['no JSON', '{'],
  ['null', 'null'],
  ['a list', '[]'],
  ['a text', '"x"'],
  ['a room that is an object', { room: {} }],
  ['a room whose name is too long', { room: 'x'.repeat(257) }],
  ['a room with an unpaired surrogate', { room: 'r\ud83d' }],
  ['a user with an unpaired surrogate', { user: '\udca9u' }],
  ['an empty user', { user: '' }],
  ['a role that is null', { role: null, room: [] }],
])('POST /tokens/ with %s is refused with an error object', async (_name, body) => {
  const response = await post(node.url, body)
  expect(response.status).toBe(400)
  expect(await response.json()).toEqual({ error: { code: expect.anything(), message: expect.any(String) } })
})

test('POST /tokens/ with a body that is too large is refused with an error object', async () => {
  const response = await post(node.url, { room: 'x'.repeat(70_000) })
  expect(response.status).toBe(413)
  expect(await response.json()).toMatchObject({ error: { message: expect.any(String) } })
})
