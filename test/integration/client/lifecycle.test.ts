import { beforeAll, beforeEach, describe, expect, onTestFinished, test } from 'vitest'
import { Exchanger, type Link, OwtSignaling, Portal, Rooms, type SessionOptions } from '../../../src/client/index.ts'
import { connectSocket } from '../../../src/client/socket-link.ts'
import { writeToken } from '../../../src/core/auth/tokens.ts'
import { roomIdOf } from '../../../src/core/model.ts'
import { newRoom, startNode, type TestNode, testSecret, tokenFor } from '../../support/node.ts'
import { until } from '../../support/until.ts'

/** A client of the SDK of any class. */
type TestedClient = {
  enter(room: string): Promise<unknown>
  /** `leave` sends a goodbye, `close` does not. */
  leave(): Promise<unknown>
  close?: () => void
  /** Connections that stay after `leave`. */
  connectionsAfterLeave: number
}

/** Callbacks at points of a login. */
type Hooks = { token?: () => Promise<void>; handshake?: () => void; onSent?: () => void }
type Kind = {
  name: string
  dialect: string
  loginEvent: string
  withToken: boolean
  createClient: (at: At) => TestedClient
}
type At = { options: SessionOptions; token: () => Promise<string> }

const kinds: Kind[] = [
  {
    name: 'Portal',
    dialect: 'portal',
    loginEvent: 'login',
    withToken: true,
    createClient: ({ options, token }) => {
      const portal = new Portal(options)
      return {
        enter: () => portal.login(token),
        leave: () => portal.logout(),
        close: () => portal.close(),
        connectionsAfterLeave: 0,
      }
    },
  },
  {
    name: 'Rooms',
    dialect: 'rooms',
    loginEvent: 'enter_room',
    withToken: true,
    createClient: ({ options, token }) => roomsClient(new Rooms({ ...options, token })),
  },
  {
    name: 'Rooms with a nickname',
    dialect: 'rooms',
    loginEvent: 'nickname',
    withToken: true,
    createClient: ({ options, token }) => {
      const rooms = new Rooms({ ...options, token })
      void rooms.nickname('ann')
      return roomsClient(rooms)
    },
  },
  {
    name: 'Rooms with a lobby',
    dialect: 'rooms',
    loginEvent: 'enter_room',
    withToken: true,
    createClient: ({ options, token }) => {
      const rooms = new Rooms({ ...options, token })
      rooms.open()
      return { ...roomsClient(rooms), connectionsAfterLeave: 1 }
    },
  },
  {
    name: 'Exchanger',
    dialect: 'exchanger',
    loginEvent: 'joinStream',
    withToken: true,
    createClient: ({ options, token }) => {
      const exchanger = new Exchanger({ ...options, token })
      return {
        enter: (room) => exchanger.join(room, 'ann'),
        leave: () => exchanger.leave(),
        close: () => exchanger.close(),
        connectionsAfterLeave: 0,
      }
    },
  },
  {
    name: 'OwtSignaling',
    dialect: 'portal',
    loginEvent: 'login',
    withToken: false,
    createClient: ({ options }) => {
      const signaling = new OwtSignaling(options)
      const { host } = new URL(String(options.url))
      return {
        enter: (room) => signaling.connect(host, false, loginInfo(host, room)),
        leave: () => signaling.disconnect(),
        connectionsAfterLeave: 0,
      }
    },
  },
]

function roomsClient(rooms: Rooms): TestedClient {
  return {
    enter: (room) => rooms.enter(room),
    leave: () => rooms.leave(),
    close: () => rooms.close(),
    connectionsAfterLeave: 0,
  }
}

function loginInfo(host: string, room: string): object {
  const token = writeToken(
    [testSecret],
    { room, user: 'ann', role: 'presenter' },
    { host, secure: false },
    Date.now() + 60_000,
  )
  return { token, userAgent: { sdk: { type: 'JavaScript', version: '5.1' } }, protocol: '1.2' }
}

const moments = ['at once', 'before the token', 'before the handshake', 'before the ack', 'after'] as const
type Moment = (typeof moments)[number]

let node: TestNode
beforeAll(async () => {
  node = await startNode()
})
beforeEach(() => until(async () => connections() === 0))

/** A client whose login calls the hooks. */
function createClient(kind: Kind, room: string, hooks: Hooks): TestedClient {
  const connect: SessionOptions['parts'] = {
    connect: async (target, signal) => {
      hooks.handshake?.()
      const link = await connectSocket(target, signal)
      return watched(link, kind.loginEvent, () => hooks.onSent?.())
    },
  }
  const options = { url: node.url, backOff: { baseMs: 10, capMs: 50 }, parts: connect }
  const token = async () => {
    await hooks.token?.()
    return tokenFor({ room, user: 'ann' })
  }
  const client = kind.createClient({ options, token })
  onTestFinished(() => client.close?.())
  return client
}

/** Calls `onSent` in the step in which the event is sent. */
function watched(link: Link, event: string, onSent: () => void): Link {
  return {
    get url() {
      return link.url
    },
    get id() {
      return link.id
    },
    get open() {
      return link.open
    },
    listen: (listener) => link.listen(listener),
    close: () => link.close(),
    ask: (name, args, answered) => {
      link.ask(name, args, answered)
      if (name === event) onSent()
    },
  }
}

/** Begins a login, and ends it at a moment. Resolves to the outcome of the login. */
async function enterAndEnd(kind: Kind, moment: Moment, end: 'leave' | 'close', room: string) {
  const hooks: Hooks = {}
  const client = createClient(kind, room, hooks)
  let ended: unknown
  const finish = () => {
    if (ended === undefined) ended = end === 'leave' ? client.leave() : (client.close?.() ?? true)
  }
  if (moment === 'before the token') {
    hooks.token = async () => finish()
  } else if (moment === 'before the handshake') hooks.handshake = finish
  else if (moment === 'before the ack') hooks.onSent = finish
  const entered = client.enter(room).then(
    () => 'entered',
    (error) => (error instanceof Error ? (error as { code?: string }).code : error),
  )
  if (moment === 'at once') finish()
  const outcome = await entered
  if (moment === 'after') finish()
  await ended
  return { outcome, client }
}

test('a token function that fails is called again until it succeeds', async () => {
  let calls = 0
  const token = async () => {
    calls += 1
    if (calls < 3) throw new Error('the backend is unavailable')
    return tokenFor({ room: 'any', user: 'ann' })
  }
  const options = { url: node.url, backOff: { baseMs: 10, capMs: 50 } }
  const portal = new Portal(options)
  await portal.login(token)
  await portal.logout()
  expect(calls).toBe(3)
  calls = 0
  const rooms = new Rooms({ ...options, token })
  await rooms.enter('any')
  await rooms.leave()
  expect(calls).toBe(3)
})

test.each(['Portal', 'Rooms', 'Exchanger'] as const)(
  '%s: a login whose token function fails until the time-out rejects with the error of the function as the cause',
  async (name) => {
    const cause = new Error('the backend is unavailable')
    const token = () => Promise.reject(cause)
    const options = { url: node.url, backOff: { baseMs: 10, capMs: 50 }, loginTimeoutMs: 200, token }
    const entered = {
      Portal: () => new Portal(options).login(token),
      Rooms: () => new Rooms(options).enter('any'),
      Exchanger: () => new Exchanger(options).join('any', 'ann'),
    }[name]()
    await expect(entered).rejects.toMatchObject({ code: 'token_unavailable', cause })
  },
)

test('a nickname that the server refuses makes the login reject, and the room stays empty', async () => {
  const room = newRoom()
  const rooms = new Rooms({ url: node.url, token: async () => tokenFor({ room, user: 'ann' }) })
  onTestFinished(() => rooms.close())
  await rooms.nickname('\u0007')
  await expect(rooms.enter(room)).rejects.toMatchObject({ code: 'bad_name' })
  expect(await roster('rooms', room)).toEqual([])
})

const connections = () => node.app.io.engine.clientsCount
const roster = async (dialect: string, room: string) =>
  (await node.app.store.roster.roster(roomIdOf(dialect, room)).catch(() => ({ members: [] }))).members

describe.each(kinds)('$name', (kind) => {
  const possible = moments.filter((moment) => kind.withToken || moment !== 'before the token')

  test.each(possible)(
    'a login that is ended by leave %s leaves no participant in the room, and the client may enter again',
    async (moment) => {
      const room = newRoom()
      const { outcome, client } = await enterAndEnd(kind, moment, 'leave', room)
      expect(outcome).toBe(moment === 'after' ? 'entered' : 'closed')
      expect(await roster(kind.dialect, room)).toEqual([])
      await until(async () => connections() === client.connectionsAfterLeave)
      await client.enter(room)
      expect(await roster(kind.dialect, room)).toHaveLength(1)
      await client.leave()
      expect(await roster(kind.dialect, room)).toEqual([])
      client.close?.()
      await until(async () => connections() === 0)
    },
  )

  test('a client that leaves, enters, leaves and enters in one step is in the room once', async () => {
    const room = newRoom()
    const client = createClient(kind, room, {})
    const first = client.enter(room).catch((error) => error.code ?? error)
    void client.leave()
    const second = client.enter(room).catch((error) => error.code ?? error)
    void client.leave()
    const third = client.enter(room)
    expect([await first, await second]).toEqual(['closed', 'closed'])
    await third
    await until(async () => connections() === 1)
    expect(await roster(kind.dialect, room)).toHaveLength(1)
    await client.leave()
    expect(await roster(kind.dialect, room)).toEqual([])
    client.close?.()
    await until(async () => connections() === 0)
  })

  const closing = kind.name === 'OwtSignaling' ? [] : possible.filter((moment) => moment !== 'after')
  test.each(closing)(
    'a login that is ended by close %s leaves no participant in the room, and no connection',
    async (moment) => {
      const room = newRoom()
      const { outcome } = await enterAndEnd(kind, moment, 'close', room)
      expect(outcome).toBe('closed')
      await until(async () => connections() === 0)
      expect(await roster(kind.dialect, room)).toEqual([])
    },
  )
})
