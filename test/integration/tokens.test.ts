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

describe('POST /tokens/, as OWT’s sample pages call it', () => {
  test.each(['/tokens/', '/tokens'])('%s answers with a token as text, that logs in once', async (path) => {
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
  })

  test.each([
    ['nothing given', {}, { room: 'sampleRoom', user: 'user', role: 'presenter' }],
    ['an empty room', { room: '', user: 'ann' }, { room: 'sampleRoom', user: 'ann', role: 'presenter' }],
    ['more than is asked for', { room: 'r', preference: { isp: 'isp' } }, { room: 'r' }],
  ])('with %s', async (_name, body, expected) => {
    expect(read(await (await post(node.url, body)).text())).toMatchObject(expected)
  })

  test('behind a proxy that is trusted it names the proxy', async () => {
    const proxied = await startNode({ env: { TRUST_PROXY: 'true' } })
    const headers = { 'x-forwarded-host': 'rtc.example', 'x-forwarded-proto': 'https' }
    const token = await (await post(proxied.url, {}, '/tokens/', headers)).text()
    expect(read(token)).toMatchObject({ host: 'rtc.example', secure: true })
    const own = await (await post(node.url, {}, '/tokens/', headers)).text()
    expect(read(own)).toMatchObject({ host: new URL(node.url).host, secure: false })
  })

  test('lets pages of other origins ask', async () => {
    const response = await post(node.url, {}, '/tokens/', { origin: 'https://pages.example' })
    expect(response.headers.get('access-control-allow-origin')).toBe('https://pages.example')
  })

  test('is not there in production', async () => {
    const response = await post(production.url, { room: 'r', user: 'u', role: 'presenter' })
    expect(response.status).toBe(404)
    expect(await response.json()).toEqual({ error: { code: 1001, message: 'Resource not found' } })
  })

  test('is there in production when DEMO says so', async () => {
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
  ['a room with half a character', { room: 'r\ud83d' }],
  ['a user with half a character', { user: '\udca9u' }],
  ['an empty user', { user: '' }],
  ['a role that is null', { role: null, room: [] }],
])('%s is refused as every error is', async (_name, body) => {
  const response = await post(node.url, body)
  expect(response.status).toBe(400)
  expect(await response.json()).toEqual({ error: { code: expect.anything(), message: expect.any(String) } })
})

test('a body that is too large is refused as every error is', async () => {
  const response = await post(node.url, { room: 'x'.repeat(70_000) })
  expect(response.status).toBe(413)
  expect(await response.json()).toMatchObject({ error: { message: expect.any(String) } })
})
