import { describe, expect, test } from 'vitest'
import { roomIdOf } from '../../../src/core/model.ts'
import { connect, enter, type JoinResult, loginInfo, refusal } from '../../support/client.ts'
import { listed, publishBoth } from '../../support/media.ts'
import { lose, newRoom, startNode, tokenFor } from '../../support/node.ts'
import { expectRefused } from '../../support/pair.ts'

const node = await startNode()
const both = { audio: true, video: true }

describe('an accepted login', () => {
  test('returns the participant, the state of the room, a ticket and the seq of the join', async () => {
    const room = newRoom()
    const bob = await enter(node.url, { room, user: 'bob', role: 'viewer' })
    const ann = await connect(node.url)
    expect(await ann.login({ room, user: 'ann' })).toEqual({
      id: ann.id,
      user: 'ann',
      role: 'presenter',
      permission: { publish: both, subscribe: both },
      room: {
        id: room,
        views: ['common'],
        participants: [
          { id: bob.id, user: 'bob', role: 'viewer' },
          { id: ann.id, user: 'ann', role: 'presenter' },
        ],
        streams: [],
      },
      reconnectionTicket: ann.ticket,
      seq: 2,
    })
  })

  test('returns an id that differs from the socket’s, and a ticket that SDKs can read', async () => {
    const before = Date.now()
    const ann = await enter(node.url, { room: 'Zimmer äöü 会议 %2F', user: 'ann' })
    expect(ann.id).toMatch(/^[0-9a-zA-Z-]+$/)
    expect(ann.id).not.toBe(ann.socket.id)
    expect(ann.ticket).toMatch(/^[A-Za-z0-9+/]+=*$/)
    const json = Buffer.from(ann.ticket, 'base64').toString('latin1')
    expect(json).toMatch(/^[\x20-\x7e]+$/)
    const { notBefore, notAfter, ...ticket } = JSON.parse(json)
    expect(ticket).toEqual({
      participantId: ann.id,
      roomId: 'Zimmer äöü 会议 %2F',
      ticketId: expect.any(String),
      signature: expect.any(String),
    })
    expect(notBefore).toBeGreaterThanOrEqual(before)
    expect(notBefore).toBeLessThanOrEqual(Date.now())
    expect(notAfter - notBefore).toBe(600_000)
  })

  test('is notified to the others and not to the client itself', async () => {
    const room = newRoom()
    const bob = await enter(node.url, { room, user: 'bob' })
    const ann = await enter(node.url, { room, user: 'ann', role: 'viewer' })
    const data = { action: 'join', data: { id: ann.id, user: 'ann', role: 'viewer' } }
    expect(await bob.next()).toEqual({ event: 'participant', data, meta: { seq: 2 } })
    expect(await ann.barrier()).toEqual([])
  })

  test('is followed by exactly the notifications after its seq', async () => {
    const room = newRoom()
    const bob = await enter(node.url, { room })
    await bob.ask('text', { to: 'all', message: 'before' })
    const ann = await connect(node.url)
    const { seq } = await ann.login({ room })
    await bob.ask('text', { to: 'all', message: 'after' })
    expect(seq).toBe(3)
    expect(await ann.barrier()).toEqual([
      { event: 'text', data: { from: bob.id, to: 'all', message: 'after' }, meta: { seq: 4, from: bob.id } },
    ])
  })

  test('makes a new participant for each login of a user', async () => {
    const room = newRoom()
    const [one, two] = [await enter(node.url, { room, user: 'ann' }), await enter(node.url, { room, user: 'ann' })]
    expect(one.id).not.toBe(two.id)
    await one.ask('text', { to: two.id, message: 'me?' })
    expect((await two.next('text')).data).toEqual({ from: one.id, to: 'me', message: 'me?' })
  })

  test.each([
    ['presenter', true, true, true, true],
    ['viewer', false, false, true, true],
    ['audio_only_presenter', true, false, true, false],
    ['video_only_viewer', false, false, false, true],
    ['sip', true, true, true, true],
  ])('as %s gives the permissions of the role', async (role, pubAudio, pubVideo, subAudio, subVideo) => {
    const client = await connect(node.url)
    const { permission } = await client.login({ room: newRoom(), role })
    expect(permission).toEqual({
      publish: { audio: pubAudio, video: pubVideo },
      subscribe: { audio: subAudio, video: subVideo },
    })
  })

  test('follows the views and roles of the room', async () => {
    const room = newRoom()
    const client = { role: 'guest', publish: { audio: true, video: false }, subscribe: both }
    await node.app.store.rooms.configure(roomIdOf('portal', room), { roles: [client], views: ['left', 'right'] })
    const ann = await connect(node.url)
    const joined = await ann.login({ room, role: 'guest' })
    expect(joined.permission).toEqual({ publish: client.publish, subscribe: client.subscribe })
    expect(joined.room.views).toEqual(['left', 'right'])
  })

  test('accepts any type of SDK', async () => {
    const room = newRoom()
    const client = await connect(node.url)
    const info = { ...loginInfo({ room }), userAgent: { sdk: { type: 'of my own', version: '0' } } }
    const { data } = await client.request('login', info)
    // it may also resume, which OWT permits only to its own SDKs
    const again = await connect(node.url)
    await again.relogin((data as JoinResult).reconnectionTicket)
  })
})

describe('a login in protocol', () => {
  test.each(['1.0', '1.1', '1.2'] as const)(
    '%s receives the streams in the format of that protocol',
    async (protocol) => {
      const room = newRoom()
      const ann = await enter(node.url, { room })
      const id = await publishBoth(ann, { about: 'me' })
      const bob = await connect(node.url)
      const joined = await bob.login({ room, protocol })
      expect(joined.room.streams).toEqual([listed(protocol, id, ann.id, { about: 'me' })])
    },
  )

  test('legacy, without the field `protocol`, is acked with success, clientId and users', async () => {
    const room = newRoom()
    const ann = await enter(node.url, { room, user: 'ann' })
    const id = await publishBoth(ann, { about: 'me' })
    const bob = await connect(node.url)
    const { status, data } = await bob.request('login', loginInfo({ room, user: 'bob', protocol: 'legacy' }))
    const { clientId } = data as { clientId: string }
    expect(status).toBe('success')
    expect(data).toEqual({
      id: room,
      clientId,
      users: [
        { id: ann.id, name: 'ann', role: 'presenter' },
        { id: clientId, name: 'bob', role: 'presenter' },
      ],
      streams: [
        { id, audio: true, video: { device: 'camera' }, from: ann.id, socket: '', attributes: { about: 'me' } },
      ],
      reconnectionTicket: expect.any(String),
      seq: 4,
    })
  })
})

test('SDK 3.5 is accepted with the legacy protocol', async () => {
  const client = await connect(node.url)
  const info = { token: tokenFor({ room: newRoom() }), userAgent: { sdk: { type: 'JavaScript', version: '3.5' } } }
  expect((await client.request('login', info)).status).toBe('success')
})

describe('a login', () => {
  const sdk35 = { sdk: { type: 'JavaScript', version: '3.5' } }
  const sdk = { sdk: { type: 'JavaScript', version: '5.0' } }
  const agentWrong = refusal('User agent info is incorrect', 'bad_user_agent')
  const protocolWrong = refusal('Unknown client protocol', 'unknown_protocol')
  const signatureWrong = refusal('Invalid token signature', 'token_signature')
  const good = () => tokenFor({ room: newRoom() })

  // every row also has an error that is checked later: the ack has the first
  test.each([
    ['a protocol that is not known', { protocol: '2.0', userAgent: sdk35, token: '' }, protocolWrong],
    ['a protocol that is a number', { protocol: 1.2, userAgent: sdk35, token: '' }, protocolWrong],
    ['a protocol that is null', { protocol: null, userAgent: sdk35, token: '' }, protocolWrong],
    ['a protocol that is inherited', { protocol: 'toString', userAgent: sdk35, token: '' }, protocolWrong],
    [
      'SDK 3.5',
      { protocol: '1.2', userAgent: { sdk: { version: '3.5' } }, token: '' },
      refusal('Deprecated client version', 'deprecated_client'),
    ],
    [
      'SDK 3.5, protocol 1.0',
      { protocol: '1.0', userAgent: sdk35, token: '' },
      refusal('Deprecated client version', 'deprecated_client'),
    ],
    ['no user agent', { protocol: '1.2', token: '' }, agentWrong],
    ['null as user agent', { protocol: '1.2', userAgent: null, token: '' }, agentWrong],
    ['no sdk', { protocol: '1.2', userAgent: {}, token: '' }, agentWrong],
    ['no sdk version', { protocol: '1.2', userAgent: { sdk: { type: 'JavaScript' } }, token: '' }, agentWrong],
    ['no sdk type', { protocol: '1.2', userAgent: { sdk: { version: '5.0' } }, token: '' }, agentWrong],
    [
      'an sdk type that is no text',
      { protocol: '1.2', userAgent: { sdk: { type: 1, version: '5.0' } }, token: '' },
      agentWrong,
    ],
    ['an empty sdk type', { protocol: '1.2', userAgent: { sdk: { type: '', version: '5.0' } }, token: '' }, agentWrong],
    ['the legacy protocol and no user agent', { token: '' }, agentWrong],
    ['null as data', null, agentWrong],
    ['a text as data', 'login', agentWrong],
  ])('with %s is refused with an error ack, then the node disconnects', async (_name, info, expected) => {
    await expectRefused(node.url, 'login', info, expected)
  })

  test.each([
    ['absent', undefined, 'Expected a string'],
    ['null', null, 'Expected a string'],
    ['a number', 5, 'Expected a string'],
    ['an object', { tokenId: 'x' }, 'Expected a string'],
    ['empty', '', 'Unexpected end of JSON input'],
    ['garbage', '!!!!', expect.stringMatching(/^Unexpected (token|end)/)],
    ['base64 of no JSON', Buffer.from('hello').toString('base64'), expect.stringMatching(/^Unexpected token/)],
    ['base64 of null', Buffer.from('null').toString('base64'), 'Expected an object'],
    ['base64 of a list', Buffer.from('[]').toString('base64'), 'Expected an object'],
  ])('with a token that is %s is refused with a message that says what is invalid', async (_name, token, error) => {
    await expectRefused(
      node.url,
      'login',
      { protocol: '1.2', userAgent: sdk, token },
      { status: 'error', error, code: 'bad_token' },
    )
  })

  const altered = (change: object) => {
    const fields = JSON.parse(Buffer.from(good(), 'base64').toString())
    return Buffer.from(JSON.stringify({ ...fields, ...change })).toString('base64')
  }

  test.each([
    ['of another key', () => tokenFor({ room: newRoom() }, { secret: 'a key that no node of a test knows of' })],
    ['without fields', () => Buffer.from('{}').toString('base64')],
    ['without a signature', () => altered({ signature: undefined })],
    ['with a signature of another kind', () => altered({ signature: 7 })],
    ['for another room', () => altered({ room: 'elsewhere' })],
    ['for another user', () => altered({ user: 'root' })],
    ['for another role', () => altered({ role: 'admin' })],
    ['for longer', () => altered({ notAfter: Date.now() + 1e9 })],
    ['used under another id', () => altered({ tokenId: 'another' })],
    ['that is a ticket', () => Buffer.from('{"participantId":"p","notAfter":1}').toString('base64')],
  ])('with a token %s is refused for its signature', async (_name, token) => {
    await expectRefused(node.url, 'login', { protocol: '1.2', userAgent: sdk, token: token() }, signatureWrong)
  })

  test('with an expired token is refused as expired', async () => {
    const token = tokenFor({ room: newRoom() }, { notAfter: Date.now() - 1 })
    await expectRefused(
      node.url,
      'login',
      { protocol: '1.2', userAgent: sdk, token },
      refusal('Expired', 'token_expired'),
    )
  })

  test('with a used token is refused, and the participant that used it is not affected', async () => {
    const room = newRoom()
    const token = tokenFor({ room })
    const ann = await enter(node.url, { room, token })
    await ann.whenConfirmed()
    await expectRefused(node.url, 'login', loginInfo({ room, token }), refusal('Invalid or used token', 'token_used'))
    expect(await ann.barrier()).toEqual([])
    await ann.ask('logout')
    await expectRefused(node.url, 'login', loginInfo({ room, token }), refusal('Invalid or used token', 'token_used'))
  })

  test('in a role that the room does not have is refused, and the token stays valid', async () => {
    const room = newRoom()
    const token = tokenFor({ room, role: 'guest' })
    await expectRefused(node.url, 'login', loginInfo({ room, token }), refusal('Invalid role', 'invalid_role'))
    const client = { role: 'guest', publish: both, subscribe: both }
    await node.app.store.rooms.configure(roomIdOf('portal', room), { roles: [client] })
    await enter(node.url, { room, token })
  })

  test('to a full room, where participants in their window count, is refused until a participant leaves', async () => {
    const room = newRoom()
    await node.app.store.rooms.configure(roomIdOf('portal', room), { participantLimit: 2 })
    const ann = await enter(node.url, { room })
    const bob = await enter(node.url, { room })
    await lose(node, bob)
    const token = tokenFor({ room })
    await expectRefused(node.url, 'login', loginInfo({ room, token }), refusal('Room is full', 'room_full'))
    expect((await ann.barrier()).map(({ event }) => event)).toEqual(['participant'])
    await ann.ask('logout')
    await enter(node.url, { room, token })
  })
})

describe('a login on a connection with a session', () => {
  test('is refused, and the socket stays', async () => {
    const room = newRoom()
    const ann = await enter(node.url, { room })
    expect(await ann.request('login', loginInfo({ room }))).toEqual(inService)
    expect(await ann.request('relogin', ann.ticket)).toEqual(inService)
    expect(await ann.barrier()).toEqual([])
  })

  test('is refused before its data are checked', async () => {
    const ann = await enter(node.url, { room: newRoom() })
    expect(await ann.request('login', { protocol: 'x' })).toEqual(inService)
    expect(await ann.request('login')).toEqual(inService)
  })

  test('is refused while the first is being answered', async () => {
    const room = newRoom()
    const ann = await connect(node.url)
    const [first, second] = await Promise.all([
      ann.request('login', loginInfo({ room })),
      ann.request('login', loginInfo({ room })),
    ])
    expect(first.status).toBe('ok')
    expect(second).toEqual(inService)
    expect((await ann.request('text', { to: 'all', message: 'still here' })).status).toBe('ok')
  })
})

describe('two simultaneous logins', () => {
  test('with one token make one participant with one connection', async () => {
    const room = newRoom()
    const witness = await enter(node.url, { room })
    const token = tokenFor({ room })
    const clients = await Promise.all([connect(node.url), connect(node.url)])
    const answers = await Promise.allSettled(clients.map((client) => client.login({ room, token })))
    const ids = new Set(answers.flatMap((answer) => (answer.status === 'fulfilled' ? answer.value.id : [])))
    expect(ids.size).toBe(1)
    const came = await witness.barrier()
    expect(came.map(({ event }) => event)).toEqual(['participant'])
    await Promise.race(clients.map(({ closed }) => closed))
    expect(clients.filter(({ socket }) => socket.connected)).toHaveLength(1)
  })

  test('with two tokens to a room with one free place: one is accepted', async () => {
    const room = newRoom()
    await node.app.store.rooms.configure(roomIdOf('portal', room), { participantLimit: 1 })
    const clients = await Promise.all([connect(node.url), connect(node.url)])
    const answers = await Promise.all(clients.map((client) => client.request('login', loginInfo({ room }))))
    expect(answers.map(({ status }) => status).sort()).toEqual(['error', 'ok'])
  })
})

test('after a legacy login the session verbs have the same ack format', async () => {
  const ann = await connect(node.url)
  await ann.login({ room: newRoom(), protocol: 'legacy' })
  expect((await ann.request('refreshReconnectionTicket')).status).toBe('success')
  expect(await ann.request('logout')).toEqual({ status: 'success' })
})

const inService = refusal('Connection is in service', 'in_service')

test('the ack of a login arrives before the notifications that it causes', async () => {
  const room = newRoom()
  const ann = await connect(node.url)
  const answers = [ann.request('login', loginInfo({ room })), ann.request('text', { to: 'all', message: 'hi' })]
  expect((await Promise.all(answers)).map(({ status }) => status)).toEqual(['ok', 'ok'])
  expect((await ann.next('text')).data).toMatchObject({ message: 'hi' })
})
