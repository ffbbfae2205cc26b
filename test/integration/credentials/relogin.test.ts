import { Emitter } from '@socket.io/redis-emitter'
import { Redis } from 'ioredis'
import { describe, expect, onTestFinished, test } from 'vitest'
import { libraries } from '../../support/client-libraries.ts'
import { newRoom, startNode, testSecret, tokenFor } from '../../support/node.ts'
import { randomPrefix, redisUrl } from '../../support/redis.ts'
import { type Issuer, jwtFor, startIssuer } from './issuer.ts'
import { connectTo, dialects, logIn, tokenInHandshake } from './participants.ts'

/** A token of a user that no other test has, because a user of P2P has one mailbox. */
const tokenOf = (room: string, secret = testSecret) => tokenFor({ room, user: room }, { secret })
const redis = { prefix: randomPrefix() }
const start = (env: { [name: string]: string } = {}) =>
  startNode({ redis, env: { ANONYMOUS_DIALECTS: 'none', ...env } })
const node = await start()

type Env = { [name: string]: string }
/** How participants log in at a node with `before`, and what happens before they resume at a node with `after`. */
type Case = { before?: Env; after?: Env; sign: (room: string) => string | Promise<string>; happens?: () => unknown }

const removedKey = 'a key that was removed from the list of secrets'
const bothKeys = { SIGNALBOX_SECRET: `${testSecret},${removedKey}` }

async function withIssuer(happens: (issuer: Issuer) => unknown): Promise<Case> {
  const issuer = await startIssuer()
  const env = { JWKS_URL: issuer.url }
  return { before: env, after: env, sign: (room) => issuer.sign({ room, user: room }), happens: () => happens(issuer) }
}

const cases: [string, () => Case | Promise<Case>][] = [
  ['was used', () => ({ sign: (room) => tokenOf(room) })],
  ['was signed with a removed secret', () => ({ before: bothKeys, sign: (room) => tokenOf(room, removedKey) })],
  [
    'is a JWT of a removed secret',
    () => ({ before: bothKeys, sign: (room) => jwtFor({ room, user: room }, removedKey) }),
  ],
  [
    'is for another audience now',
    () => ({ after: { JWT_AUDIENCE: 'another' }, sign: (room) => jwtFor({ room, user: room }) }),
  ],
  ['names a key that left the JWKS', () => withIssuer((issuer) => issuer.replaceKey())],
  ['names a key of a JWKS that is unavailable', () => withIssuer((issuer) => issuer.close())],
  ['names a key of a JWKS that hangs', () => withIssuer((issuer) => issuer.hang())],
]

describe.each(cases)('a login token that %s does not prevent a relogin', (_reason, prepare) => {
  test('in any dialect', async () => {
    const { before, after, sign, happens } = await prepare()
    const [first, second] = [await start(before), await start(after)]
    const logins = dialects.map(async (dialect) => {
      const room = newRoom()
      const token = await sign(room)
      return { dialect, token, client: await logIn(first.url, dialect, room, token) }
    })
    const participants = await Promise.all(logins)
    await happens?.()
    const resumed = participants.map(async ({ dialect, token, client }) => {
      const back = await connectTo(second.url, dialect, { token })
      await back.relogin(client.ticket)
      expect([dialect, back.id]).toEqual([dialect, client.id])
    })
    await Promise.all(resumed)
  })
})

test.each(dialects)('%s: a relogin needs no token in the handshake', async (dialect) => {
  const room = newRoom()
  const client = await logIn(node.url, dialect, room, tokenOf(room))
  const back = await connectTo(node.url, dialect, { login: false })
  await back.relogin(client.ticket)
  expect(back.id).toBe(client.id)
  expect(await client.closed).toBe('io server disconnect')
})

describe.each(libraries)('a plain client of Socket.IO %s', (version, io) => {
  /** Connects to the rooms, and resumes as soon as it is connected. Resolves to the ack. */
  const resume = (credentials: { [field: string]: unknown }, ticket: string) =>
    new Promise<unknown[]>((resolve, reject) => {
      const given = version === '2.x' ? { query: credentials } : { auth: credentials }
      const socket = io(`${node.url}/rooms`, {
        transports: ['websocket'],
        forceNew: true,
        reconnection: false,
        ...given,
      })
      onTestFinished(() => {
        socket.disconnect()
      })
      for (const event of ['connect_error', 'error', 'disconnect']) socket.on(event, reject)
      socket.on('connect', () => socket.emit('relogin', ticket, (...ack: unknown[]) => resolve(ack)))
    })

  test.each([
    ['the token of its login, whose key was removed', () => ({ token: tokenOf('any', removedKey) })],
    ['no token', () => ({ login: false })],
  ])('resumes with its ticket and %s', async (_what, credentials) => {
    const room = newRoom()
    const ann = await logIn(node.url, 'rooms', room, tokenOf(room))
    expect(await resume(credentials(), ann.ticket)).toEqual(['ok', expect.any(String)])
  })
})

test.each(dialects)(
  '%s: a relogin with a ticket of another secret is refused at once as ticket_signature',
  async (dialect) => {
    const room = newRoom()
    const client = await logIn(node.url, dialect, room, tokenOf(room))
    const other = await startNode({ env: { ANONYMOUS_DIALECTS: 'none', SIGNALBOX_SECRET: removedKey } })
    const back = await connectTo(other.url, dialect, { token: tokenOf(room) })
    expect(await back.request('relogin', client.ticket)).toMatchObject({ status: 'error', code: 'ticket_signature' })
    expect(await back.closed).toBe('io server disconnect')
  },
)

describe.each(tokenInHandshake)('/%s: a client whose token is not valid', (dialect) => {
  const stale = () => tokenFor({ room: 'any' }, { secret: removedKey })
  const loginOf = (room: string): unknown[] =>
    dialect === 'rooms' ? ['enter_room', room] : ['joinStream', { channelName: room }]

  test.each([
    ['is not of this service', stale, 'token_signature'],
    ['has expired', () => tokenFor({ room: 'any' }, { notAfter: Date.now() - 1 }), 'token_expired'],
  ])('because it %s receives the reason when it logs in, and can still resume', async (_why, sign, code) => {
    const room = newRoom()
    const ann = await logIn(node.url, dialect, room, tokenOf(room))
    const client = await connectTo(node.url, dialect, { token: sign() })
    expect(await client.request(...(loginOf(room) as [string]))).toMatchObject({ status: 'error', code })
    await client.relogin(ann.ticket)
  })

  test.each([
    ['is not of this service', stale, 'token_signature'],
    ['has expired', () => tokenFor({ room: 'any' }, { notAfter: Date.now() - 1 }), 'token_expired'],
    ['is missing', () => undefined, 'bad_token'],
  ])('because it %s is refused the handshake if it says login: true', async (_why, sign, code) => {
    const refused = connectTo(node.url, dialect, { token: sign(), login: true })
    await expect(refused).rejects.toMatchObject({ message: expect.stringMatching(/\.$/), data: { code } })
  })

  test('receives no broadcasts to the namespace before it has resumed', async () => {
    const room = newRoom()
    const ann = await logIn(node.url, dialect, room, tokenOf(room))
    const lobby = await connectTo(node.url, dialect, { token: tokenOf(room) })
    const client = await connectTo(node.url, dialect, { token: stale() })
    const publisher = new Redis(redisUrl())
    onTestFinished(() => publisher.disconnect())
    const emitter = new Emitter(publisher, { key: `${node.config.redisPrefix}:io` }).of(`/${dialect}`)
    const heardBy = ({ seen }: { seen: { event: string }[] }) =>
      seen.map(({ event }) => event).filter((event) => event.startsWith('word'))
    emitter.emit('word 1')
    node.app.announce('word')
    await expect.poll(() => heardBy(lobby)).toEqual(['word 1'])
    expect(client.seen).toEqual([])
    await client.relogin(ann.ticket)
    emitter.emit('word 2')
    await expect.poll(() => heardBy(client)).toEqual(['word 2'])
  })
})

test('a client whose token is not valid receives refused and is disconnected if it does not resume in 10 s', async () => {
  const token = tokenOf('any', removedKey)
  const clients = await Promise.all(tokenInHandshake.map((dialect) => connectTo(node.url, dialect, { token })))
  for (const client of clients) {
    expect(await client.closed).toBe('io server disconnect')
    expect(client.seen).toMatchObject([
      { event: 'refused', data: { code: 'token_signature', message: 'The token was not signed by this service.' } },
    ])
  }
})

test.each(['portal', 'p2p'] as const)(
  '%s: a client receives no broadcasts to the namespace before its login',
  async (dialect) => {
    const room = newRoom()
    const [stranger, ann] = [await connectTo(node.url, dialect), await logIn(node.url, dialect, room, tokenOf(room))]
    const publisher = new Redis(redisUrl())
    onTestFinished(() => publisher.disconnect())
    const lane = new Emitter(publisher, { key: `${node.config.redisPrefix}:io` })
    lane.of(dialect === 'portal' ? '/' : '/p2p').emit('word')
    await ann.next('word')
    expect(stranger.seen).toEqual([])
  },
)

describe('/rooms: a client whose token is not valid', () => {
  const stale = () => connectTo(node.url, 'rooms', { token: tokenFor({ room: 'any' }, { secret: removedKey }) })

  test('cannot list the rooms', async () => {
    const client = await stale()
    expect(await client.request('rooms')).toMatchObject({ status: 'error', code: 'token_signature' })
  })

  test('may send requests before its relogin, which wait for it', async () => {
    const room = newRoom()
    const [ann, bob] = [
      await logIn(node.url, 'rooms', room, tokenOf(room)),
      await logIn(node.url, 'rooms', room, tokenOf(room)),
    ]
    const client = await stale()
    const answers = Promise.all([
      client.request('nickname', 'Ann'),
      client.request('rooms'),
      client.request('new_message', 'hello', room),
    ])
    await client.relogin(ann.ticket)
    expect(await answers).toMatchObject([{ status: 'ok' }, { status: 'ok' }, { status: 'ok' }])
    const { meta } = await bob.next('new_message')
    expect(meta).toMatchObject({ nickname: 'Ann' })
  })

  test('is in the lobby after it has resumed and left its room', async () => {
    const room = newRoom()
    const ann = await logIn(node.url, 'rooms', room, tokenOf(room))
    const client = await stale()
    await client.relogin(ann.ticket)
    await client.request('leave_room')
    expect(await client.request('rooms')).toMatchObject({ status: 'ok' })
  })
})
