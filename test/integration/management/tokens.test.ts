import { SignJWT } from 'jose'
import { describe, expect, test } from 'vitest'
import { newId } from '../../../src/core/ids.ts'
import { connect, enter, loginInfo } from '../../support/client.ts'
import { newRoom, startNode, testSecret } from '../../support/node.ts'
import { caller, error, keys, managementKeys, mauth, owtCaller } from './caller.ts'

const node = await startNode({ env: { MANAGEMENT_KEYS: managementKeys } })
const owt = owtCaller(node.url)
const call = caller(node.url)

async function make(): Promise<{ room: string; path: string }> {
  const { body } = await owt('POST', '/v1/rooms', { name: 'a room' })
  const room = (body as { _id: string })._id
  return { room, path: `/v1/rooms/${room}/tokens/` }
}

const decoded = (token: string) => JSON.parse(Buffer.from(token, 'base64').toString())

test('a token is text, names the host that was asked, and logs in once', async () => {
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

test('a signed user and role go before those of the body', async () => {
  const { path } = await make()
  const username = Buffer.from('Zoë').toString('base64')
  const headers = { authorization: mauth(keys.service, { username, role: 'viewer' }) }
  const answer = await call('POST', path, { body: { user: 'ann', role: 'presenter' }, headers })
  expect(decoded(answer.text)).toMatchObject({ user: 'Zoë', role: 'viewer' })
})

test('for a room that was only joined, too', async () => {
  const room = newRoom()
  await enter(node.url, { room })
  const path = `/v1/rooms/${encodeURIComponent(room)}/tokens`
  const { text } = await call('POST', path, { body: { user: 'bob', role: 'presenter' } })
  await enter(node.url, { room, token: text })
})

describe('a room that is closed', () => {
  test('is not entered with what was handed out before, not even when it is made again; with a new token it is', async () => {
    const { room, path } = await make()
    const ask = async () => (await owt('POST', path, { user: 'ann', role: 'presenter' })).text
    const before = await ask()
    expect((await owt('DELETE', `/v1/rooms/${room}`)).status).toBe(200)
    await outOfDate(room, before)
    expect((await owt('GET', `/v1/rooms/${room}`)).status).toBe(404)
    expect((await call('POST', '/v1/rooms', { body: { name: 'again', _id: room } })).status).toBe(200)
    await outOfDate(room, before)
    await enter(node.url, { room, token: await ask() })
  })

  test('nor with a JWT, unless it says that it was signed afterwards', async () => {
    const { room } = await make()
    expect((await owt('DELETE', `/v1/rooms/${room}`)).status).toBe(200)
    const now = Math.floor(Date.now() / 1000)
    const signed = (claims: object) => jwt({ room, ...claims })
    const old = [{ iat: now - 60 }, { iat: 0 }, {}, { nbf: now }, { iat: now - 60, nbf: now }]
    const beyondBelief = [{ iat: now + 60 }, { iat: Date.now() }, { iat: 1e300 }]
    for (const claims of [...old, ...beyondBelief]) await outOfDate(room, await signed(claims))
    await enter(node.url, { room, token: await signed({ iat: now }) })
    await enter(node.url, { room, token: await signed({ iat: now + 3 }) }) // clocks may be a little apart
  })

  test('a JWT need not say when it was signed, for a room that was not', async () => {
    const room = newRoom()
    for (const iat of [undefined, 0, Date.now()]) {
      expect((await enter(node.url, { room, token: await jwt({ room, iat }) })).id, String(iat)).not.toBe('')
    }
  })
})

test('a name may have any whole characters', async () => {
  const { room, path } = await make()
  const { text } = await owt('POST', path, { user: '💬 Zoë', role: 'presenter' })
  const ann = await connect(node.url)
  expect(await ann.login({ room, token: text })).toMatchObject({ user: '💬 Zoë' })
})

/** One that our secret signed. */
function jwt(claims: { room: string; [claim: string]: unknown }): Promise<string> {
  const exp = Math.floor(Date.now() / 1000) + 60
  return new SignJWT({ sub: 'ann', role: 'presenter', exp, jti: newId(), ...claims })
    .setProtectedHeader({ alg: 'HS256' })
    .sign(new TextEncoder().encode(testSecret))
}

async function outOfDate(room: string, token: string): Promise<void> {
  const client = await connect(node.url)
  const answer = await client.request('login', loginInfo({ room, token }))
  expect(answer).toMatchObject({ status: 'error', error: 'Expired', code: 'token_expired' })
}

describe('no token', () => {
  test.each([
    ['without a user', { role: 'presenter' }],
    ['without a role', { user: 'ann' }],
    ['for a user of another type', { user: 5, role: 'presenter' }],
    ['for an empty user', { user: '', role: 'presenter' }],
    ['for an empty role', { user: 'ann', role: '' }],
    ['for a name without end', { user: 'x'.repeat(300), role: 'presenter' }],
    ['for a user with half a character', { user: 'u\ud83d', role: 'presenter' }],
    ['for a role with half a character', { user: 'ann', role: '\udca9' }],
    ['for nothing', {}],
    ['for null', null],
    ['for a list', []],
    ['for a text', 'ann'],
  ])('%s', async (_name, body) => {
    const { path } = await make()
    expect(await call('POST', path, { body })).toMatchObject(error(400, 1201, 'Name or role not valid'))
  })

  test('without a body', async () => {
    const { path } = await make()
    expect(await owt('POST', path)).toMatchObject(error(400, 1201, 'Name or role not valid'))
  })

  test.each(['nowhere', '..%2F..%2Fetc', '%00', '__proto__', 'x'.repeat(2000), 'rooms:nowhere'])(
    'for a room that there is not: %s',
    async (room) => {
      const answer = await call('POST', `/v1/rooms/${room}/tokens`, { body: { user: 'ann', role: 'viewer' } })
      expect(answer).toMatchObject(error(404, 1003, 'Room not found'))
    },
  )

  test.each(['%', '%zz', '%c0%ae'])('for an address that is none: %s', async (room) => {
    const answer = await call('POST', `/v1/rooms/${room}/tokens`, { body: { user: 'ann', role: 'viewer' } })
    expect(answer).toMatchObject(error(400, 1201))
  })
})
