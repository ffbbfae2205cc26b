import { Redis } from 'ioredis'
import { describe, expect, test } from 'vitest'
import { roomIdOf } from '../../../src/core/model.ts'
import { type Client, connect, enter, loginInfo } from '../../support/client.ts'
import { publishBoth } from '../../support/media.ts'
import {
  type LogLine,
  lose,
  newRoom,
  startCluster,
  startNode,
  type TestNode,
  testSecret,
  tokenFor,
} from '../../support/node.ts'
import { startRedis } from '../../support/redis.ts'
import { until } from '../../support/until.ts'

const brief = await startNode({ env: { RECONNECT_WINDOW: 1 } })
const [one, two] = (await startCluster(2)) as [TestNode, TestNode]

const decode = (text: string) => JSON.parse(Buffer.from(text, 'base64').toString())
const of = ({ logs }: TestNode, client: Client, message: string): LogLine | undefined =>
  logs.lines.find(({ msg, participant }) => msg === message && participant === client.id)

/** Texts that no log may contain. */
class Secrets {
  readonly #deps = new Set([testSecret])

  token(token: string): string {
    const { tokenId, signature } = decode(token)
    for (const part of [token, tokenId, signature]) this.#deps.add(part)
    return token
  }

  ticket(ticket: string): string {
    const { ticketId, signature } = decode(ticket)
    for (const part of [ticket, ticketId, signature]) this.#deps.add(part)
    return ticket
  }

  expectNoneIn({ logs }: TestNode): void {
    expect(logs.lines.length).toBeGreaterThan(0)
    expect([...this.#deps].filter((part) => logs.text.includes(part))).toEqual([])
  }
}

test('login, relogin, takeover and leaving have a line each, with node, room and participant', async () => {
  const room = newRoom()
  const ann = await enter(one.url, { room })
  const back = await connect(two.url)
  await back.relogin(ann.ticket)
  await ann.closed
  await back.ask('logout')
  const line = { level: 30, room: roomIdOf('portal', room), participant: ann.id }
  const atOne = { ...line, node: one.config.nodeId }
  const atTwo = { ...line, node: two.config.nodeId }
  expect(of(one, ann, 'login')).toMatchObject({ ...atOne, dialect: 'portal' })
  expect(of(two, ann, 'relogin')).toMatchObject({ ...atTwo, dialect: 'portal', from: 'other_node' })
  expect(of(two, ann, 'connection taken over')).toMatchObject(atTwo)
  expect(of(two, ann, 'left')).toMatchObject({ ...atTwo, reason: 'logout' })
})

test('a node in production without ICE servers logs that clients receive none', async () => {
  const withoutServers = await startNode({ env: { NODE_ENV: 'production' } })
  const withTurn = await startNode({
    env: { NODE_ENV: 'production', TURN_URLS: 'turn:turn.example', TURN_SECRET: 'x' },
  })
  const about = ({ logs }: TestNode) => logs.lines.filter(({ msg }) => msg.startsWith('clients receive no ICE servers'))
  expect(about(withoutServers)).toHaveLength(1)
  expect(about(withTurn)).toEqual([])
})

test('the line of a participant that left has the reason: window or dropped', async () => {
  const room = newRoom()
  const [ann, bob] = [await enter(brief.url, { room }), await enter(brief.url, { room })]
  await lose(brief, bob)
  await until(async () => of(brief, bob, 'left') !== undefined)
  await brief.app.sessions.drop(roomIdOf('portal', room), ann.id)
  expect(of(brief, bob, 'left')).toMatchObject({ level: 30, reason: 'window', room: roomIdOf('portal', room) })
  expect(of(brief, ann, 'left')).toMatchObject({ level: 30, reason: 'dropped', room: roomIdOf('portal', room) })
})

test('the line of a refused request has the room and the participant', async () => {
  const ann = await enter(one.url, { room: newRoom() })
  await ann.request('text', null)
  expect(of(one, ann, 'request refused')).toMatchObject({ code: 'bad_request', room: expect.any(String) })
})

describe('no line contains a token, a ticket, their ids and signatures, or a key:', () => {
  test('in a whole session with every refusal', async () => {
    const secrets = new Secrets()
    const room = newRoom()
    const token = secrets.token(tokenFor({ room }))
    const ann = await enter(one.url, { room, token })
    secrets.ticket(ann.ticket)
    const ticket = secrets.ticket(await ann.ask('refreshReconnectionTicket'))
    await publishBoth(ann)
    await ann.whenConfirmed()
    const wrong = tokenFor({ room }, { secret: 'k'.repeat(32) })
    const old = tokenFor({ room }, { notAfter: 1 })
    const logins = [token, secrets.token(wrong), secrets.token(old), `x${token}`, token.slice(4)]
    for (const used of logins) await refused('login', loginInfo({ room, token: used }))
    for (const bad of [ann.ticket, `x${ticket}`, ticket.slice(4), { ticket: ann.ticket, seq: 1 }])
      await refused('relogin', bad)
    await ann.request(token, { ticket })
    await ann.request('text', { to: ticket, message: token })
    await lose(one, ann)
    const back = await connect(two.url)
    await back.relogin(ticket)
    secrets.ticket(back.ticket)
    await back.request('login', loginInfo({ room, token }))
    await back.ask('logout')
    for (const node of [one, two]) secrets.expectNoneIn(node)
  })

  test('when Redis refuses writes, hangs, and continues', async () => {
    const redis = await startRedis()
    const node = await startNode({ redis: { url: redis.url } })
    const secrets = new Secrets()
    const room = newRoom()
    const ann = await enter(node.url, { room, token: secrets.token(tokenFor({ room })) })
    secrets.ticket(ann.ticket)
    const admin = new Redis(redis.url)
    await admin.config('SET', 'min-replicas-to-write', '1')
    // the errors of the Redis client contain the whole command
    expect((await ann.request('refreshReconnectionTicket')).code).toBe('unavailable')
    expect((await ann.request('text', { to: ann.id, message: secrets.ticket(ann.ticket) })).code).toBe('unavailable')
    await refused('login', loginInfo({ room, token: secrets.token(tokenFor({ room })) }), node)
    await refused('relogin', ann.ticket, node)
    await admin.config('SET', 'min-replicas-to-write', '0')
    admin.disconnect()
    redis.pause()
    expect((await ann.request('refreshReconnectionTicket')).code).toBe('unavailable')
    redis.resume()
    const back = await connect(node.url)
    await until(async () => (await back.request('nothing of ours')).status === 'error')
    await node.close()
    await redis.stop()
    const errors = node.logs.lines.filter(({ msg }) => msg === 'request failed')
    expect(errors.length).toBeGreaterThanOrEqual(4)
    secrets.expectNoneIn(node)
  })
})

async function refused(event: string, data: unknown, node = one): Promise<void> {
  const client = await connect(node.url)
  expect((await client.request(event, data)).status).toBe('error')
  await client.closed
}
