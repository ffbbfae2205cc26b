import { describe, expect, test } from 'vitest'
import { type Rooms, SignalboxError } from '../../../src/client/index.ts'
import { newRoom, startNode, tokenFor } from '../../support/node.ts'
import { randomPrefix } from '../../support/redis.ts'
import { clientOf, sdkNames } from './clients.ts'
import { type Issuer, startIssuer } from './issuer.ts'

const redis = { prefix: randomPrefix() }
const start = (env: { [name: string]: string } = {}) =>
  startNode({ redis, env: { ANONYMOUS_DIALECTS: 'none', ...env } })
const node = await start()
const stranger = 'a key that no node of this test has'

const good = (room: string) => tokenFor({ room, user: 'ann' })
const forged = (room: string) => tokenFor({ room, user: 'ann' }, { secret: stranger })
const never = () => new Promise<string>(() => {})

/** Returns these answers one after the other, then the last one each time. `calls` counts the calls. */
function source(...answers: (() => string | Promise<string>)[]) {
  const token = () => {
    token.calls += 1
    return (answers[token.calls - 1] ?? answers.at(-1) ?? never)()
  }
  token.calls = 0
  return token
}

describe.each(sdkNames)('%s: the SDK', (dialect) => {
  test.each([
    ['left the JWKS', (issuer: Issuer) => issuer.replaceKey()],
    ['cannot be fetched', (issuer: Issuer) => issuer.close()],
  ])('resumes after the key of its token %s', async (_what, happens) => {
    const [issuer, room] = [await startIssuer(), newRoom()]
    const [before, after] = [await start({ JWKS_URL: issuer.url }), await start({ JWKS_URL: issuer.url })]
    const token = source(() => issuer.sign({ room }))
    const { client, connections, logIn, reconnected, reasons } = clientOf(dialect, before.url, token)
    await logIn(room)
    await happens(issuer)
    connections.url = after.url
    const back = reconnected()
    connections.cut()
    await back
    expect([token.calls, client.state, reasons]).toEqual([1, 'connected', []])
  })

  test('ends its session at once, with the reason, at a node with another secret', async () => {
    const room = newRoom()
    const other = await startNode({ env: { ANONYMOUS_DIALECTS: 'none', SIGNALBOX_SECRET: stranger } })
    const { client, connections, logIn, closed, reasons } = clientOf(dialect, node.url, () => good(room))
    await logIn(room)
    connections.url = other.url
    connections.cut()
    expect(await closed).toMatchObject({ code: 'ticket_signature', message: expect.stringMatching(/signature|signed/) })
    expect([client.state, reasons]).toEqual(['closed', []])
  })

  test('calls its token function again at once when a node refuses the token, and logs in', async () => {
    const room = newRoom()
    const token = source(
      () => forged(room),
      () => good(room),
    )
    const { client, logIn } = clientOf(dialect, node.url, token)
    await logIn(room)
    expect([token.calls, client.state]).toEqual([2, 'connected'])
  })

  test('rejects the login with the code and a sentence when the node refuses the next token too', async () => {
    const room = newRoom()
    const token = source(() => forged(room))
    const { logIn } = clientOf(dialect, node.url, token)
    await expect(logIn(room)).rejects.toMatchObject({ code: 'token_signature', message: expect.stringMatching(/sign/) })
    expect(token.calls).toBe(2)
  })

  test('rejects the login at once when its token is a string, because the next try would send the same', async () => {
    const room = newRoom()
    const { logIn } = clientOf(dialect, node.url, forged(room))
    await expect(logIn(room)).rejects.toMatchObject({ code: 'token_signature' })
  })

  test('resumes while its token function hangs', async () => {
    const room = newRoom()
    const token = source(() => good(room), never)
    const { connections, logIn, reconnected } = clientOf(dialect, node.url, token)
    await logIn(room)
    const back = reconnected()
    connections.cut()
    await back
    expect(token.calls).toBe(1)
  })

  test('calls its token function again if the first call hangs at the login', async () => {
    const room = newRoom()
    const token = source(never, () => good(room))
    const { logIn, reasons } = clientOf(dialect, node.url, token, 500)
    await logIn(room)
    expect(reasons[0]).toMatchObject({
      code: 'token_unavailable',
      message: 'The token function failed: no answer within 500 ms',
    })
  })

  test('rejects the login with the type that its token function returned if that is not a string', async () => {
    const room = newRoom()
    const token = source(
      () => undefined as unknown as string,
      () => good(room),
    )
    const { logIn, reasons } = clientOf(dialect, node.url, token)
    await logIn(room)
    expect(reasons).toMatchObject([
      { code: 'token_unavailable', message: 'The token function failed: it returned undefined' },
    ])
  })
})

describe.each(['exchanger', 'rooms'] as const)('%s: at a node that also checks the token of a relogin', (dialect) => {
  /** Checks the token of a relogin, as nodes of older versions do. */
  const checks = (accepted: (token: unknown) => boolean) => (auth: { token?: unknown }) => {
    if (!accepted(auth.token)) throw new SignalboxError('token_signature', 'The token was not signed by this service.')
  }

  test('the SDK calls its token function again at once, and resumes', async () => {
    const room = newRoom()
    const [first, second] = [good(room), good(room)]
    const token = source(
      () => first,
      () => second,
    )
    const { connections, logIn, reconnected } = clientOf(dialect, node.url, token)
    await logIn(room)
    connections.beforeConnect = checks((given) => given === second)
    const back = reconnected()
    connections.cut()
    await back
    expect(token.calls).toBe(2)
  })

  test('the SDK emits retrying if the node refuses the next token too, and resumes as soon as a node accepts one', async () => {
    const room = newRoom()
    const token = source(() => good(room))
    const { connections, logIn, reconnected, retrying } = clientOf(dialect, node.url, token)
    await logIn(room)
    connections.beforeConnect = checks(() => false)
    const [back, retried] = [reconnected(), retrying()]
    connections.cut()
    expect(await retried).toMatchObject({
      code: 'token_signature',
      message: 'The token was not signed by this service.',
    })
    connections.beforeConnect = () => {}
    await back
  })
})

describe('rooms: the lobby', () => {
  const opened = (rooms: Rooms) => new Promise<void>((resolve) => rooms.once('open', resolve))
  const lobbyOf = (token: () => string | Promise<string>, timeoutMs?: number) => {
    const made = clientOf('rooms', node.url, token, timeoutMs)
    return { ...made, client: made.client as Rooms }
  }

  test('connects again while the token function hangs', async () => {
    const { client, connections } = lobbyOf(
      source(() => good('lobby'), never),
      300,
    )
    const open = opened(client)
    client.open()
    await open
    const again = opened(client)
    connections.cut()
    await again
    expect(await client.list()).toEqual(expect.any(Array))
  })

  test('opens with the second token if the node refuses the first', async () => {
    const token = source(
      () => forged('lobby'),
      () => good('lobby'),
    )
    const { client } = lobbyOf(token)
    const open = opened(client)
    client.open()
    await open
    expect(await client.list()).toEqual(expect.any(Array))
  })

  test('emits retrying with the reason while the node refuses its tokens, and opens as soon as the node accepts one', async () => {
    const token = source(
      () => forged('lobby'),
      () => forged('lobby'),
      () => good('lobby'),
    )
    const { client, reasons } = lobbyOf(token)
    const open = opened(client)
    client.open()
    await open
    expect(reasons.map(({ code, message }) => [code, message])).toEqual(
      Array.from({ length: 2 }, () => ['token_signature', 'The token was not signed by this service.']),
    )
  })

  test('connects anew with another token for the room if its own names another room, or has expired', async () => {
    for (const first of [good('lobby'), tokenFor({ room: 'lobby' }, { notAfter: Date.now() + 300 })]) {
      const room = newRoom()
      const { client } = lobbyOf(
        source(
          () => first,
          () => good(room),
        ),
      )
      const open = opened(client)
      client.open()
      await open
      await client.enter(room)
      expect(client.room).toBe(room)
    }
  })

  test('lists rooms after a resumed session has left its room, and another room can be entered', async () => {
    const rooms = [newRoom(), newRoom()]
    const { client, connections, reconnected } = lobbyOf(
      source(
        () => good(rooms[0] ?? ''),
        () => good(rooms[1] ?? ''),
      ),
    )
    client.open()
    await client.enter(rooms[0] ?? '')
    const back = reconnected()
    connections.cut()
    await back
    await client.leave()
    await client.list()
    await client.enter(rooms[1] ?? '')
    expect(client.room).toBe(rooms[1])
  })
})
