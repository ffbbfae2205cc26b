import { Redis } from 'ioredis'
import { describe, expect, test } from 'vitest'
import { newId } from '../../../src/core/ids.ts'
import { roomIdOf } from '../../../src/core/model.ts'
import { createMemoryStore } from '../../../src/state/memory/index.ts'
import { createRedisStore } from '../../../src/state/redis/index.ts'
import { version } from '../../../src/version.ts'
import { type Client, connect, enter, loginInfo } from '../../support/client.ts'
import { publishBoth } from '../../support/media.ts'
import { lose, newRoom, startCluster, startNode, type TestNode, tokenFor } from '../../support/node.ts'
import { randomPrefix, redisUrl, startRedis } from '../../support/redis.ts'
import { until } from '../../support/until.ts'
import { expectRise, measure, scrape } from './scrape.ts'

const node = await startNode()
const [one, two] = (await startCluster(2)) as [TestNode, TestNode]
const brief = await startNode({ env: { RECONNECT_WINDOW: 1 } })

/** The metrics that other tools rely on. Each has a test below. */
const names = [
  'clients',
  'clients_limit',
  'connections',
  'draining',
  'forwarded_total',
  'forwarding',
  'incomplete_relogins_total',
  'left_total',
  'logins_total',
  'message_seconds',
  'messages_total',
  'node',
  'participants',
  'redis_failures_total',
  'redis_seconds',
  'redis_up',
  'refused_total',
  'relogin_seconds',
  'relogins_total',
  'repaired_gaps_total',
  'replayed_messages_total',
  'rooms',
  'rooms_behind',
]

test('a node has exactly the documented metrics', async () => {
  const all = await node.app.metrics.registry.getMetricsAsJSON()
  const metricNames = all.map(({ name }) => name).filter((name) => name.startsWith('signalbox_'))
  expect(metricNames.sort()).toEqual(names.map((name) => `signalbox_${name}`))
})

test('the metric `node` has the id and the version as labels', async () => {
  const sample = (await scrape(node)).find(({ name }) => name === 'signalbox_node')
  expect(sample).toEqual({ name: 'signalbox_node', labels: { id: node.config.nodeId, version }, value: 1 })
})

describe('the metric `connections`', () => {
  test.each(['websocket', 'polling'])('counts connections over %s while they are open', async (transport) => {
    const labels = { dialect: 'portal', transport }
    const before = await measure(node, 'connections', labels)
    const client = await connect(node.url, { transports: [transport] })
    expect(await measure(node, 'connections', labels)).toBe(before + 1)
    client.socket.disconnect()
    await until(async () => (await measure(node, 'connections', labels)) === before)
  })
})

test('clients counts each client once, however many dialects it uses, and clients_limit is their limit', async () => {
  const testedNode = await startNode({ env: { MAX_CONNECTIONS: 7 } })
  expect(await measure(testedNode, 'clients_limit')).toBe(7)
  expect(await measure(testedNode, 'clients')).toBe(0)
  const { socket } = await connect(testedNode.url)
  const other = socket.io.socket('/rooms')
  await new Promise((resolve) => other.once('connect', () => resolve(undefined)))
  expect([await measure(testedNode, 'clients'), await measure(testedNode, 'connections')]).toEqual([1, 2])
  socket.io.engine.close()
  await until(async () => (await measure(testedNode, 'clients')) === 0)
})

describe('the metrics `participants` and `rooms`', () => {
  test('count participants as connected or waiting, and their rooms', async () => {
    const testedNode = await startNode()
    const counts = async () => [
      await measure(testedNode, 'participants', { state: 'connected' }),
      await measure(testedNode, 'participants', { state: 'waiting' }),
      await measure(testedNode, 'rooms'),
    ]
    expect(await counts()).toEqual([0, 0, 0])
    const room = newRoom()
    const ann = await enter(testedNode.url, { room })
    const bob = await enter(testedNode.url, { room })
    await enter(testedNode.url, { room: newRoom() })
    expect(await counts()).toEqual([3, 0, 2])
    await lose(testedNode, ann)
    expect(await counts()).toEqual([2, 1, 2])
    const back = await connect(testedNode.url)
    await back.relogin(ann.ticket)
    expect(await counts()).toEqual([3, 0, 2])
    await back.ask('logout')
    await bob.ask('logout')
    expect(await counts()).toEqual([1, 0, 1])
  })

  test('do not count a participant as waiting that resumed on another node', async () => {
    const ann = await enter(one.url, { room: newRoom() })
    await lose(one, ann)
    const waiting = await measure(one, 'participants', { state: 'waiting' })
    const back = await connect(two.url)
    await back.relogin(ann.ticket)
    await until(async () => (await measure(one, 'participants', { state: 'waiting' })) === waiting - 1)
  })
})

describe('logins_total', () => {
  const logIn = (info: unknown) => async () => (await connect(node.url)).request('login', info)
  test.each<[string, () => unknown]>([
    ['ok', () => loginInfo({ room: newRoom() })],
    ['token_signature', () => loginInfo({ room: 'r', token: tokenFor({ room: 'r' }, { secret: 'k'.repeat(32) }) })],
    ['bad_user_agent', () => null],
  ])('counts a login with the result %s', async (result, info) => {
    await expectRise(node, ['logins_total', { dialect: 'portal', result }, 1], logIn(info()))
  })
})

test('incomplete_relogins_total counts relogins whose missed messages were trimmed from the log', async () => {
  const small = await startNode({ env: { ROOM_LOG_ENTRIES: 100 } })
  const room = newRoom()
  const bob = await enter(small.url, { room })
  const ann = await enter(small.url, { room })
  await lose(small, ann)
  const sendText = () => bob.ask('text', { to: 'all', message: 'x' })
  const back = await connect(small.url)
  const relogin = (client: Client, { ticket }: Client) => client.relogin({ ticket, seq: ann.seq })
  await Promise.all(Array.from({ length: 99 }, sendText))
  await expectRise(small, ['incomplete_relogins_total', {}, 0], () => relogin(back, ann))
  await sendText()
  await sendText()
  const again = await connect(small.url)
  await expectRise(small, ['incomplete_relogins_total', {}, 1], () => relogin(again, back))
})

test('rooms_behind counts a room while its missed messages cannot be read', async () => {
  const store = createMemoryStore({ window: 60, log: 90, entries: 100, lease: 6 })
  const { log, pubSub } = store
  const [read, listen] = [log.read.bind(log), pubSub.subscribe.bind(pubSub)]
  let readable = false
  log.read = async (...args) => (readable ? read(...args) : Promise.reject(new Error('unavailable')))
  pubSub.subscribe = (room) => listen(room, () => {})
  const testedNode = await startNode({ parts: { store } })
  const ann = await enter(testedNode.url, { room: newRoom() })
  await ann.ask('text', { to: ann.id, message: 'x' })
  await until(async () => (await measure(testedNode, 'rooms_behind')) === 1)
  readable = true
  await ann.next('text')
  expect(await measure(testedNode, 'rooms_behind')).toBe(0)
})

describe('relogins_total, relogin_seconds and replayed_messages_total', () => {
  async function annDisconnected() {
    const room = newRoom()
    const bob = await enter(one.url, { room })
    const ann = await enter(one.url, { room })
    await lose(one, ann)
    await bob.ask('text', { to: ann.id, message: 'missed' })
    return ann
  }

  test.each([
    ['same_node', one],
    ['other_node', two],
  ])('count a relogin from %s', async (from, node) => {
    const ann = await annDisconnected()
    const labels = { dialect: 'portal', result: 'ok', from }
    const relogin = async () => {
      const back = await connect(node.url)
      await back.relogin(ann.ticket)
      await back.next('text')
    }
    await expectRise(node, ['replayed_messages_total', {}, 1], () =>
      expectRise(node, ['relogin_seconds', {}, 1], () => expectRise(node, ['relogins_total', labels, 1], relogin)),
    )
  })

  test('count a refused relogin', async () => {
    const labels = { dialect: 'portal', result: 'bad_ticket', from: 'none' }
    await expectRise(node, ['relogins_total', labels, 1], async () => (await connect(node.url)).request('relogin', 'x'))
  })
})

describe('messages_total and message_seconds', () => {
  test('count requests and notifications by event', async () => {
    const room = newRoom()
    const ann = await enter(node.url, { room })
    const bob = await enter(node.url, { room })
    await ann.next('participant')
    const sendText = async () => {
      await ann.ask('text', { to: 'all', message: 'x' })
      await Promise.all([ann.next('text'), bob.next('text')])
    }
    const of = (event: string, direction: string) => ({ dialect: 'portal', event, direction })
    await expectRise(node, ['messages_total', of('text', 'in'), 1], sendText)
    await expectRise(node, ['messages_total', of('text', 'out'), 2], sendText)
    await expectRise(node, ['message_seconds', {}, 2], sendText)
    await expectRise(node, ['messages_total', of('stream', 'out'), 2], () => publishBoth(ann))
    await expectRise(node, ['messages_total', of('unknown', 'in'), 2], async () => {
      await ann.request('made up by a client')
      await ann.request('__proto__')
    })
  })
})

test('events whose names a client or a backend made up have no series of their own; messages of backends are counted together', async () => {
  const room = newRoom()
  const ann = await enter(node.url, { room })
  const labels = { dialect: 'portal', event: 'other', direction: 'out' }
  await expectRise(node, ['messages_total', labels, 20], async () => {
    for (let nth = 0; nth < 20; nth += 1) {
      const data = { event: `backend-${nth}`, data: nth }
      await node.app.store.log.appendFromServer(roomIdOf('portal', room), { event: 'message', data })
      await ann.next(`backend-${nth}`)
    }
    await ann.request('made up by a client')
    await fetch(`${node.url}/made/up`)
  })
  const named = (await scrape(node)).filter((sample) => /backend-|made/.test(JSON.stringify(sample.labels)))
  expect(named).toEqual([])
})

describe('redis_seconds and redis_up', () => {
  test('have a series for each operation', async () => {
    const room = newRoom()
    const ann = await enter(one.url, { room })
    const sendText = () => ann.ask('text', { to: 'all', message: 'x' })
    await expectRise(one, ['redis_seconds', { operation: 'append' }, 1], sendText)
    await expectRise(one, ['redis_seconds', { operation: 'leave' }, 1], () => ann.ask('logout'))
    await expectRise(one, ['redis_seconds', { operation: 'join' }], () => enter(one.url, { room }))
  })

  test('redis_up stays 0 on a node without clients until Redis answers again', async () => {
    const redis = await startRedis()
    const testedNode = await startNode({ redis: { url: redis.url } })
    redis.pause()
    await until(async () => (await measure(testedNode, 'redis_up')) === 0)
    const seen = new Set<number>()
    const failures = await measure(testedNode, 'redis_failures_total')
    await until(async () => {
      seen.add(await measure(testedNode, 'redis_up'))
      return (await measure(testedNode, 'redis_failures_total')) > failures + 10
    })
    expect([...seen]).toEqual([0])
    redis.resume()
    await until(async () => (await measure(testedNode, 'redis_up')) === 1)
    await testedNode.close()
    await redis.stop()
  })

  test('redis_up is 0 while Redis hangs', async () => {
    const redis = await startRedis()
    const testedNode = await startNode({ redis: { url: redis.url } })
    expect(await measure(testedNode, 'redis_up')).toBe(1)
    expect(await measure(testedNode, 'redis_failures_total')).toBe(0)
    redis.pause()
    await until(async () => (await measure(testedNode, 'redis_up')) === 0)
    await until(async () => (await measure(testedNode, 'redis_failures_total')) > 0)
    redis.resume()
    await until(async () => (await measure(testedNode, 'redis_up')) === 1)
    await testedNode.close()
    await redis.stop()
  })
})

test('repaired_gaps_total counts gaps that are filled from the log after a lost subscription', async () => {
  const redis = await startRedis()
  const cluster = (await startCluster(2, { redis: { url: redis.url } })) as [TestNode, TestNode]
  const room = newRoom()
  const ann = await enter(cluster[0].url, { room })
  const bob = await enter(cluster[1].url, { room })
  const admin = new Redis(redis.url)
  // the node may subscribe again before the message is sent, so this is repeated until a message is missed
  await expectRise(cluster[1], ['repaired_gaps_total', {}], () =>
    until(async () => {
      await admin.call('CLIENT', 'KILL', 'TYPE', 'pubsub')
      await ann.ask('text', { to: bob.id, message: 'x' })
      await bob.next('text')
      return (await measure(cluster[1], 'repaired_gaps_total')) > 0
    }),
  )
  admin.disconnect()
  await Promise.all(cluster.map((node) => node.close()))
  await redis.stop()
})

describe('left_total', () => {
  test('counts a logout', async () => {
    const ann = await enter(node.url, { room: newRoom() })
    await expectRise(node, ['left_total', { reason: 'logout' }, 1], () => ann.ask('logout'))
  })

  test('counts a participant whose window expires', async () => {
    const room = newRoom()
    const bob = await enter(brief.url, { room })
    const ann = await enter(brief.url, { room })
    await expectRise(brief, ['left_total', { reason: 'window' }, 1], async () => {
      ann.cut()
      await bob.next('participant')
      await bob.next('participant')
    })
  })

  test('counts a participant that management drops', async () => {
    const room = newRoom()
    const ann = await enter(node.url, { room })
    const drop = () => node.app.sessions.drop(roomIdOf('portal', room), ann.id)
    await expectRise(node, ['left_total', { reason: 'dropped' }, 1], drop)
  })

  test('counts a participant of a dead node that cannot reconnect, with the reason node_lost', async () => {
    const retention = { window: 60, log: 60, entries: 100, lease: 1 }
    const prefix = randomPrefix()
    const target = { urls: [redisUrl()], mode: 'standalone' as const }
    const deadNode = createRedisStore(target, prefix, retention)
    const reaper = await startNode({ redis: { prefix }, parts: { store: createRedisStore(target, prefix, retention) } })
    const room = newRoom()
    const bob = await enter(reaper.url, { room })
    await expectRise(reaper, ['left_total', { reason: 'node_lost' }, 1], async () => {
      await joinThrough(deadNode, room)
      expect((await bob.next()).data).toMatchObject({ action: 'join', data: { user: 'lost' } })
      expect((await bob.next()).data).toMatchObject({ action: 'leave' })
    })
    await deadNode.close()
  })
})

async function joinThrough(store: ReturnType<typeof createRedisStore>, name: string): Promise<void> {
  const room = roomIdOf('portal', name)
  const media = { audio: true, video: true }
  const permission = { publish: media, subscribe: media }
  const member = { id: newId(), user: 'lost', role: 'presenter', permission, profile: {} }
  await store.nodes.heartbeat({ id: 'lost', url: 'http://127.0.0.1:1', version, connections: 1 })
  await store.nodes.trackRooms('lost', [room])
  const token = { id: newId(), seconds: 60 }
  await store.sessionStore.join({ room, member, node: 'lost', token, ticketId: newId(), reconnects: false })
}

describe('refused_total and draining', () => {
  test('refused_total has a series for each reason', async () => {
    const client = await connect(node.url)
    const ask = (event: string, data?: unknown) => () => client.request(event, data)
    await expectRise(node, ['refused_total', { reason: 'unknown_event' }, 1], ask('x'))
    await expectRise(node, ['refused_total', { reason: 'illegal_request' }, 1], ask('logout'))
    await expectRise(node, ['refused_total', { reason: 'too_large' }, 1], ask('text', 'x'.repeat(70_000)))
    await expectRise(node, ['refused_total', { reason: 'bad_ticket' }, 1], ask('relogin', null))
  })

  test('draining is 1 on a draining node, which counts the clients that it refuses', async () => {
    const leaving = await startNode({ env: { DRAIN_SECONDS: 0 } })
    expect(await measure(leaving, 'draining')).toBe(0)
    await leaving.app.drain()
    expect(await measure(leaving, 'draining')).toBe(1)
    await expectRise(leaving, ['refused_total', { reason: 'draining' }, 1], () => connect(leaving.url).catch(() => {}))
  })
})
