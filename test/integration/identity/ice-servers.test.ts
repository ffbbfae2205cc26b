import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type IceServerEntry, iceServersFor } from '../../../src/core/auth/turn-credentials.ts'
import { connect, enter } from '../../support/client.ts'
import { caller, error } from '../../support/management-caller.ts'
import { lose, newRoom, startNode, type TestNode, tokenFor } from '../../support/node.ts'
import { allocates, startTurn, type TurnServer } from '../../support/turn-server.ts'

const secret = 'the shared secret of coturn and the nodes'
const stun = [{ urls: 'stun:127.0.0.1:3478' }]
let turn: TurnServer
let node: TestNode
beforeAll(async () => {
  turn = await startTurn(secret)
  const env = { ICE_SERVERS: JSON.stringify(stun), TURN_URLS: turn.url, TURN_SECRET: secret, TURN_TTL: 600 }
  node = await startNode({ env })
})
afterAll(() => turn?.stop())

const ask = (credential: string) =>
  caller(node.url)('GET', '/v1/ice-servers/', { headers: { authorization: `Bearer ${credential}` } })

const ours = [
  ...stun,
  { urls: [expect.stringMatching(/^turn:/)], username: expect.any(String), credential: expect.any(String) },
]

describe('a real coturn', () => {
  const credentials = (changes: { secret?: string; at?: number } = {}) => {
    const config = { servers: [], turn: { urls: [turn.url], secret: changes.secret ?? secret, ttl: 60 } }
    const [{ username = '', credential = '' } = {}] = iceServersFor(config, 'ann: the first', changes.at ?? Date.now())
    return { username, credential }
  }

  test('accepts the credentials that the API returns', async () => {
    const { body } = await ask(tokenFor({ room: newRoom(), user: 'Zoë' }))
    const { username = '', credential = '' } = (body as IceServerEntry[])[1] ?? {}
    expect(allocates(turn.port, username, credential)).toBe(true)
  })

  test('refuses expired credentials', () => {
    const { username, credential } = credentials({ at: Date.now() - 120_000 })
    expect(allocates(turn.port, username, credential)).toBe(false)
  })

  test('refuses forged credentials', () => {
    const good = credentials()
    const forged = credentials({ secret: 'a guessed secret' })
    expect(allocates(turn.port, forged.username, forged.credential)).toBe(false)
    const later = good.username.replace(/^\d+/, (expiry) => `${Number(expiry) + 3600}`)
    expect(allocates(turn.port, later, good.credential)).toBe(false)
  })
})

describe('GET /v1/ice-servers', () => {
  test('accepts a login token, which stays valid', async () => {
    const room = newRoom()
    const token = tokenFor({ room, user: 'ann' })
    expect(await ask(token)).toMatchObject({ status: 200, body: ours })
    await enter(node.url, { room, token })
  })

  test('accepts a ticket while its participant is in the room', async () => {
    const ann = await enter(node.url, { room: newRoom(), user: 'ann' })
    const { status, body, headers } = await ask(ann.ticket)
    expect({ status, body }).toEqual({ status: 200, body: ours })
    expect((body as IceServerEntry[])[1]?.username).toMatch(/^\d+:ann$/)
    expect(headers.get('cache-control')).toBe('no-store')
    await ann.ask('logout')
    expect((await ask(ann.ticket)).status).toBe(401)
  })

  test.each([
    ['an empty credential', () => ''],
    ['a malformed credential', () => 'x'],
    ['a token of another key', () => tokenFor({ room: newRoom() }, { secret: 'a secret that no node of a test has' })],
    ['an expired token', () => tokenFor({ room: newRoom() }, { notAfter: Date.now() - 1 })],
    ['an unsigned JWT', () => 'eyJhbGciOiJub25lIn0.eyJzdWIiOiJhIn0.'],
    ['two credentials', () => `${tokenFor({ room: newRoom() })} x`],
  ])('refuses %s', async (_name, credential) => {
    expect(await ask(credential())).toMatchObject(error(401, 1101))
  })
})

describe('acks', () => {
  test('of login, and of relogin in its object form, have new ICE servers', async () => {
    const room = newRoom()
    const ann = await connect(node.url)
    expect(await ann.login({ room, user: 'ann' })).toMatchObject({ iceServers: ours })
    await lose(node, ann)
    const back = await connect(node.url)
    expect(await back.relogin({ ticket: ann.ticket, seq: ann.seq })).toMatchObject({ iceServers: ours })
  })

  test('have no ICE servers if none are configured', async () => {
    const none = await startNode({ env: { ICE_SERVERS: '[]' } })
    const ann = await connect(none.url)
    expect(await ann.login({ room: newRoom() })).not.toHaveProperty('iceServers')
  })
})
