import { SignJWT } from 'jose'
import { describe, expect, test } from 'vitest'
import type { Shell } from '../../src/cli/command.ts'
import { token } from '../../src/cli/commands/token.ts'
import { newId } from '../../src/core/ids.ts'
import { roomIdOf } from '../../src/core/model.ts'
import { connect, enter, loginInfo } from '../support/client.ts'
import { ackOf, peer } from '../support/dialects.ts'
import { caller, error, managementKeys } from '../support/management-caller.ts'
import { newRoom, startNode, testSecret, tokenFor } from '../support/node.ts'
import { invisibleNames } from './invisible-names.ts'

const node = await startNode({
  redis: true,
  env: { MANAGEMENT_KEYS: managementKeys, ANONYMOUS_DIALECTS: 'exchanger,rooms,p2p' },
})
const call = caller(node.url)
const tokens = (body: unknown) => call('POST', '/tokens/', { body })

function jwt(claims: { room?: string; sub?: string }): Promise<string> {
  return new SignJWT({ room: 'r', sub: 'u', role: 'presenter', jti: newId(), ...claims })
    .setProtectedHeader({ alg: 'HS256' })
    .setExpirationTime('1m')
    .sign(new TextEncoder().encode(testSecret))
}

async function login(text: string): Promise<{ code?: unknown; error?: unknown; data?: unknown }> {
  const client = await connect(node.url)
  return client.request('login', loginInfo({ room: '', token: text }))
}

describe.each(invisibleNames)('%s', (_what, name) => {
  test('are refused as a nickname, a room and a channel', async () => {
    const rooms = await connect(node.url, { namespace: '/rooms' })
    expect((await rooms.request('nickname', name)).code).toBe('bad_name')
    expect((await rooms.request('enter_room', name)).code).toBe('bad_name')
    expect((await rooms.request('enter_room', { payload: name })).code).toBe('bad_name')
    const exchanger = await connect(node.url, { namespace: '/exchanger' })
    expect((await exchanger.request('joinStream', { channelName: name })).code).toBe('bad_name')
  })

  test('are refused as a user of /p2p', async () => {
    const user = await connect(node.url, { namespace: '/p2p' })
    expect(await ackOf(user, 'authentication', { token: name })).toMatchObject([{ error: 2121, code: 'bad_name' }])
    expect(await user.closed).toBe('io server disconnect')
  })

  test('are refused as the user and the room of every kind of login token', async () => {
    const refused = (claim: string) => ({ code: 'bad_token', error: `Invalid token: ${claim}` })
    expect(await login(tokenFor({ room: 'r', user: name }))).toMatchObject(refused('user'))
    expect(await login(tokenFor({ room: name }))).toMatchObject(refused('room'))
    expect(await login(await jwt({ sub: name }))).toMatchObject(refused('sub'))
    expect(await login(await jwt({ room: name }))).toMatchObject(refused('room'))
    const environment = { SIGNALBOX_SECRET: testSecret }
    const shell: Shell = { environment, program: ['signalbox'], print: () => {}, warn: () => {} }
    await expect(token.run(['--room', 'r', '--user', name], shell)).rejects.toThrow(
      '--user: expected at most 256 characters',
    )
    await expect(token.run(['--room', name, '--user', 'u'], shell)).rejects.toThrow(
      '--room: expected at most 256 characters',
    )
  })

  test('are refused over HTTP', async () => {
    expect(await tokens({ user: name })).toMatchObject(error(400, 1201))
    expect(await tokens({ room: name })).toMatchObject(error(400, 1201))
    expect(await call('POST', '/v1/rooms', { body: { name } })).toMatchObject(error(400, 1201))
    const { _id } = (await call('POST', '/v1/rooms', { body: { name: 'a room' } })).body as { _id: string }
    expect(await call('PUT', `/v1/rooms/${_id}`, { body: { name } })).toMatchObject(error(400, 1201))
    const body = { user: name, role: 'presenter' }
    expect(await call('POST', `/v1/rooms/${_id}/tokens`, { body })).toMatchObject(error(400, 1201))
  })
})

describe('a node counts lengths in code points, not in UTF-16 code units:', () => {
  const [maxName, tooLong] = ['𝄞'.repeat(256), '𝄞'.repeat(257)]

  test('a user of /p2p whose id has 256 receives messages, and a user with a longer id is refused', async () => {
    const other = await peer(node, newRoom())
    for (const uid of [maxName, 'x'.repeat(256)]) {
      const user = await peer(node, uid)
      expect(await ackOf(other, 'owt-message', { to: uid, data: 'hello' })).toEqual([])
      expect((await user.next('owt-message')).data).toMatchObject({ data: 'hello' })
    }
    for (const uid of [tooLong, 'x'.repeat(257), 'x'.repeat(300), 'x'.repeat(8192)]) {
      const user = await connect(node.url, { namespace: '/p2p' })
      expect(await ackOf(user, 'authentication', { token: uid })).toMatchObject([{ error: 2121, code: 'bad_name' }])
      expect(await user.closed).toBe('io server disconnect')
    }
  })

  test('rooms and users of tokens may have 256, and the management API finds them', async () => {
    for (const text of [tokenFor({ room: maxName, user: maxName }), await jwt({ room: maxName, sub: maxName })]) {
      expect(await login(text)).toMatchObject({ data: { user: maxName, room: { id: maxName } } })
    }
    const found = await call('GET', `/v1/rooms/${encodeURIComponent(maxName)}`)
    expect(found).toMatchObject({ status: 200, body: { _id: maxName } })
    const body = { user: maxName, role: 'presenter' }
    const path = `/v1/rooms/${encodeURIComponent(maxName)}/tokens`
    expect((await call('POST', path, { body })).status).toBe(200)
    expect((await call('POST', path, { body: { ...body, user: tooLong } })).status).toBe(400)
    expect((await tokens({ room: maxName, user: maxName })).status).toBe(200)
    expect((await tokens({ user: tooLong })).status).toBe(400)
    for (const text of [
      tokenFor({ room: tooLong }),
      tokenFor({ room: 'r', user: tooLong }),
      await jwt({ sub: tooLong }),
    ]) {
      expect((await login(text)).code).toBe('bad_token')
    }
  })

  test('nicknames may have 64, rooms 256 and texts 2048', async () => {
    const rooms = await connect(node.url, { namespace: '/rooms' })
    expect((await rooms.request('nickname', '𝄞'.repeat(64))).status).toBe('ok')
    expect((await rooms.request('nickname', '𝄞'.repeat(65))).code).toBe('bad_name')
    expect((await rooms.request('enter_room', maxName)).status).toBe('ok')
    expect((await rooms.request('enter_room', tooLong)).code).toBe('bad_name')
    expect((await rooms.request('new_message', '𝄞'.repeat(2048))).status).toBe('ok')
    expect((await rooms.request('new_message', '𝄞'.repeat(2049))).code).toBe('text_too_long')
  })
})

describe('POST /tokens/ converts no types and refuses', () => {
  test.each<[string, object]>([
    ['a user that is a number', { user: 5 }],
    ['a user that is a boolean', { user: true }],
    ['a user that is null', { user: null }],
    ['a user in a list', { user: ['ann'] }],
    ['a room that is a number', { room: 5 }],
    ['a room that is null', { room: null }],
    ['a role that is a number', { role: 0 }],
    ['a role that is a boolean', { role: false }],
  ])('%s', async (_name, body) => {
    expect(await tokens(body)).toMatchObject(error(400, 1201))
  })
})

test('sessions with a name that only an older version accepts are listed and resume, and their rooms can be closed', async () => {
  const room = newRoom()
  const ann = await enter(node.url, { room })
  const id = roomIdOf('portal', room)
  const { roster, rooms } = node.app.store
  const before = await roster.member(id, ann.id)
  if (!before) throw new Error('No member')
  const entry = { event: 'permission' as const, data: { permission: before.permission, changes: 1 }, to: ann.id }
  await roster.changeMember(id, before, { ...before, user: '\u200b', changes: 1 }, entry)
  const path = `/v1/rooms/${encodeURIComponent(room)}/participants`
  expect((await call('GET', path)).body).toMatchObject([{ id: ann.id, user: '\u200b' }])
  ann.cut()
  const resumed = await connect(node.url)
  await resumed.relogin(ann.ticket)
  expect(resumed.id).toBe(ann.id)
  await rooms.configure(roomIdOf('portal', '\u2800'), {})
  expect((await call('GET', '/v1/rooms')).body).toContainEqual(expect.objectContaining({ _id: '\u2800' }))
  expect((await call('DELETE', `/v1/rooms/${encodeURIComponent('\u2800')}`)).status).toBe(200)
})
