import { SignJWT } from 'jose'
import { describe, expect, test } from 'vitest'
import { newId } from '../../../src/core/ids.ts'
import { connect, enter, loginInfo } from '../../support/client.ts'
import { caller, error, keys, managementKeys, mauth, owtCaller } from '../../support/management-caller.ts'
import { newRoom, startNode, testSecret } from '../../support/node.ts'

const node = await startNode({ env: { MANAGEMENT_KEYS: managementKeys } })
const owt = owtCaller(node.url)
const call = caller(node.url)

async function make(): Promise<{ room: string; path: string }> {
  const { body } = await owt('POST', '/v1/rooms', { name: 'a room' })
  const room = (body as { _id: string })._id
  return { room, path: `/v1/rooms/${room}/tokens/` }
}

const decoded = (token: string) => JSON.parse(Buffer.from(token, 'base64').toString())

test('a token is text, names the host of its request, and is valid for one login', async () => {
  const { room, path } = await make()
  const preference = { isp: 'isp', region: 'region' }
  const answer = await owt('POST', path, { preference, user: 'ann', role: 'viewer' })
  expect(answer.status).toBe(200)
  expect(answer.type).toContain('text/plain')
  expect(decoded(answer.text)).toMatchObject({ host: new URL(node.url).host, secure: false })
  const ann = await connect(node.url)
  const joined = await ann.login({ room, token: answer.text })
  expect(joined).toMatchObject({ user: 'ann', role: 'viewer', room: { id: room } })
  await ann.whenConfirmed()
  const again = await connect(node.url)
  expect(await again.request('login', loginInfo({ room, token: answer.text }))).toMatchObject({ code: 'token_used' })
})

test('a signed user and role take precedence over those of the body', async () => {
  const { path } = await make()
  const username = Buffer.from('Zoë').toString('base64')
  const headers = { authorization: mauth(keys.service, { username, role: 'viewer' }) }
  const answer = await call('POST', path, { body: { user: 'ann', role: 'presenter' }, headers })
  expect(decoded(answer.text)).toMatchObject({ user: 'Zoë', role: 'viewer' })
})

test('a room that exists because a participant joined has tokens too', async () => {
  const room = newRoom()
  await enter(node.url, { room })
  const path = `/v1/rooms/${encodeURIComponent(room)}/tokens`
  const { text } = await call('POST', path, { body: { user: 'bob', role: 'presenter' } })
  await enter(node.url, { room, token: text })
})

describe('after a room was deleted', () => {
  test('its earlier tokens are expired, also when it is created again, and a new one is valid', async () => {
    const { room, path } = await make()
    const ask = async () => (await owt('POST', path, { user: 'ann', role: 'presenter' })).text
    const before = await ask()
    expect((await owt('DELETE', `/v1/rooms/${room}`)).status).toBe(200)
    await expectExpired(room, before)
    expect((await owt('GET', `/v1/rooms/${room}`)).status).toBe(404)
    expect((await call('POST', '/v1/rooms', { body: { name: 'again', _id: room } })).status).toBe(200)
    await expectExpired(room, before)
    await enter(node.url, { room, token: await ask() })
  })

  test('a JWT is expired unless its iat says that it was signed later', async () => {
    const { room } = await make()
    expect((await owt('DELETE', `/v1/rooms/${room}`)).status).toBe(200)
    const now = Math.floor(Date.now() / 1000)
    const signed = (claims: object) => jwt({ room, ...claims })
    const old = [{ iat: now - 60 }, { iat: 0 }, {}, { nbf: now }, { iat: now - 60, nbf: now }]
    const inFuture = [{ iat: now + 60 }, { iat: Date.now() }, { iat: 1e300 }]
    for (const claims of [...old, ...inFuture]) await expectExpired(room, await signed(claims))
    await enter(node.url, { room, token: await signed({ iat: now }) })
    await enter(node.url, { room, token: await signed({ iat: now + 3 }) }) // within the tolerance of clocks
  })

  test('a JWT without a valid iat is accepted in a room that was not deleted', async () => {
    const room = newRoom()
    for (const iat of [undefined, 0, Date.now()]) {
      expect((await enter(node.url, { room, token: await jwt({ room, iat }) })).id, String(iat)).not.toBe('')
    }
  })
})

test('a name may contain any characters of Unicode', async () => {
  const { room, path } = await make()
  const { text } = await owt('POST', path, { user: '💬 Zoë', role: 'presenter' })
  const ann = await connect(node.url)
  expect(await ann.login({ room, token: text })).toMatchObject({ user: '💬 Zoë' })
})

/** A JWT that is signed with the nodes' secret. */
function jwt(claims: { room: string; [claim: string]: unknown }): Promise<string> {
  const exp = Math.floor(Date.now() / 1000) + 60
  return new SignJWT({ sub: 'ann', role: 'presenter', exp, jti: newId(), ...claims })
    .setProtectedHeader({ alg: 'HS256' })
    .sign(new TextEncoder().encode(testSecret))
}

async function expectExpired(room: string, token: string): Promise<void> {
  const client = await connect(node.url)
  const answer = await client.request('login', loginInfo({ room, token }))
  expect(answer).toMatchObject({ status: 'error', error: 'Expired', code: 'token_expired' })
}

describe('a token is refused', () => {
  test.each([
    ['without a user', { role: 'presenter' }],
    ['without a role', { user: 'ann' }],
    ['for a user that is a number', { user: 5, role: 'presenter' }],
    ['for an empty user', { user: '', role: 'presenter' }],
    ['for an empty role', { user: 'ann', role: '' }],
    ['for a name of 300 characters', { user: 'x'.repeat(300), role: 'presenter' }],
    ['for a user with a lone surrogate', { user: 'u\ud83d', role: 'presenter' }],
    ['for a role with a lone surrogate', { user: 'ann', role: '\udca9' }],
    ['for an empty object', {}],
    ['for null', null],
    ['for a list', []],
    ['for a string', 'ann'],
  ])('%s', async (_name, body) => {
    const { path } = await make()
    expect(await call('POST', path, { body })).toMatchObject(error(400, 1201, 'Name or role not valid'))
  })

  test('without a body', async () => {
    const { path } = await make()
    expect(await owt('POST', path)).toMatchObject(error(400, 1201, 'Name or role not valid'))
  })

  test.each(['nowhere', '..%2F..%2Fetc', '%00', '__proto__', 'x'.repeat(2000), 'rooms:nowhere'])(
    'for a room that does not exist: %s',
    async (room) => {
      const answer = await call('POST', `/v1/rooms/${room}/tokens`, { body: { user: 'ann', role: 'viewer' } })
      expect(answer).toMatchObject(error(404, 1003, 'Room not found'))
    },
  )

  test.each(['%', '%zz', '%c0%ae'])('for an address that cannot be decoded: %s', async (room) => {
    const answer = await call('POST', `/v1/rooms/${room}/tokens`, { body: { user: 'ann', role: 'viewer' } })
    expect(answer).toMatchObject(error(400, 1201))
  })
})
