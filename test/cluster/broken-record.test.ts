import { Redis } from 'ioredis'
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest'
import { Exchanger, Portal } from '../../src/client/index.ts'
import { roomIdOf } from '../../src/core/model.ts'
import { keysOf } from '../../src/state/redis/keys.ts'
import { connect, enter, loginInfo } from '../support/client.ts'
import { newRoom, startCluster, type TestNode, tokenFor } from '../support/node.ts'
import { type RedisServer, randomPrefix, startRedis } from '../support/redis.ts'
import { until } from '../support/until.ts'

/**
 * After Redis has lost all data, the nodes restore the sessions of their clients. A participant whose record cannot be read or
 * written must not prevent that for other participants of its room, or for other rooms.
 */
let redis: RedisServer
let client: Redis
let nodes: [TestNode, TestNode]
const prefix = randomPrefix()
const keys = keysOf(prefix)

beforeAll(async () => {
  redis = await startRedis()
  client = new Redis(redis.url)
  nodes = (await startCluster(2, { redis: { url: redis.url, prefix }, env: { ANONYMOUS_DIALECTS: 'exchanger' } })) as [
    TestNode,
    TestNode,
  ]
})
afterAll(async () => {
  client.disconnect()
  await Promise.all(nodes.map((node) => node.close()))
  await redis.stop()
})

type Participant = { portal: Portal; received: string[] }

/** A client of the SDK, which resumes by itself when its connection is closed because it has received entries that are lost. */
async function login(first: 0 | 1, room: string): Promise<Participant> {
  const urls = [nodes[first].url, nodes[1 - first]?.url ?? '']
  const portal = new Portal({ url: urls, backOff: { baseMs: 20, capMs: 200 }, parts: { random: () => 0 } })
  onTestFinished(() => portal.close())
  const received: string[] = []
  portal.on('text', ({ message }) => received.push(String(message)))
  await portal.login(tokenFor({ room }))
  return { portal, received }
}

/** Checks that all receivers receive ten messages of the sender once and in order. */
async function expectDelivery(topic: string, sender: Participant, receivers: Participant[]): Promise<void> {
  const sent = Array.from({ length: 10 }, (_, n) => `${topic} ${n}`)
  for (const message of sent) await sender.portal.text('all', message)
  const of = ({ received }: Participant) => received.filter((message) => message.startsWith(`${topic} `))
  await until(async () => receivers.every((receiver) => of(receiver).length >= sent.length))
  for (const receiver of receivers) expect(of(receiver)).toEqual(sent)
}

async function metric(node: TestNode, name: string): Promise<number> {
  const { metrics } = node.app
  const text = await metrics.registry.getSingleMetricAsString(`signalbox_${name.replace(/\{.*/, '')}`)
  return Number(text.split(`signalbox_${name} `)[1]?.split('\n')[0] ?? 0)
}

const metricName = 'refused_total{reason="broken_record"}'

test('a session whose record stays broken is abandoned, counted and logged; the others receive everything', async () => {
  const [room, other] = [newRoom(), newRoom()]
  const [ann, bob, dan, eve] = await Promise.all([login(0, room), login(1, room), login(0, other), login(0, other)])
  const broken = await enter(nodes[0].url, { room })
  const before = await metric(nodes[0], metricName)
  const session = keys.session(roomIdOf('portal', room), broken.id)
  await client.multi().flushall().set(session, 'no hash').exec()
  onTestFinished(async () => void (await client.del(session)))

  await expectDelivery('first', ann, [ann, bob])
  await expectDelivery('second', dan, [dan, eve])
  await broken.closed
  await until(async () => (await metric(nodes[0], metricName)) > before)
  expect(nodes[0].logs.lines.some(({ participant, level }) => participant === broken.id && level >= 50)).toBe(true)
  await expectDelivery('third', bob, [ann, bob])
})

test('only the session whose record broke while it was connected loses its connection', async () => {
  const room = newRoom()
  const [ann, bob] = await Promise.all([login(0, room), login(0, room)])
  const broken = await enter(nodes[0].url, { room })
  const session = keys.session(roomIdOf('portal', room), broken.id)
  await client.multi().del(session).set(session, 'no hash').exec()
  onTestFinished(async () => void (await client.del(session)))
  expect(await broken.closed).toBe('transport close')
  await expectDelivery('after', ann, [ann, bob])
})

test('a record with half of a surrogate pair, of an older node, does not stop deliveries to others', async () => {
  const room = newRoom()
  const [ann, bob] = await Promise.all([login(0, room), login(1, room)])
  const old = await enter(nodes[0].url, { room })
  const members = keys.members(roomIdOf('portal', room))
  const member = String(await client.hget(members, old.id)).replace('"profile":{', '"profile":{"x":"\\ud800",')
  await client.multi().flushall().hset(members, old.id, member).exec()
  await expectDelivery('after', ann, [ann, bob])
  await expectDelivery('again', bob, [ann, bob])
})

test.each([
  ['half of a surrogate pair', { type: 'x\ud800', version: '\udc00' }],
  ['a pair that a limit cuts in two', { type: `${'x'.repeat(63)}🎧`, version: '1' }],
])('a client whose SDK type is %s does not stop deliveries to others', async (_name, sdk) => {
  const room = newRoom()
  const [ann, bob] = await Promise.all([login(0, room), login(0, room)])
  const odd = await connect(nodes[0].url)
  const { status, data } = await odd.request('login', { ...loginInfo({ room }), userAgent: { sdk } })
  expect(status).toBe('ok')
  const members = keys.members(roomIdOf('portal', room))
  await client
    .multi()
    .flushall()
    .hset(members, Object(data).id, String(await client.hget(members, Object(data).id)))
    .exec()
  await expectDelivery('after', ann, [ann, bob])
})

test('users of a channel who log in with any JSON value as user are restored after Redis has lost all data', async () => {
  const users = ['\ud83d', { '\ud800': ['\udc00'] }, '\u0000', 1e21, JSON.parse('{"__proto__":[]}')]
  const channelName = newRoom()
  const all = await Promise.all(
    users.map(async (user) => {
      const exchanger = new Exchanger({ url: nodes[0].url, backOff: { baseMs: 20, capMs: 200 } })
      onTestFinished(() => exchanger.close())
      await exchanger.join(channelName, user)
      return exchanger
    }),
  )
  const members = keys.members(roomIdOf('exchanger', channelName))
  const records = await client.hgetall(members)
  const resumed = all.map((exchanger) => new Promise((resolve) => exchanger.on('reconnected', resolve)))
  await client.multi().flushall().hset(members, records).exec()
  await Promise.all(resumed)
  const seen = all.map((exchanger) => exchanger.users.size)
  expect(seen).toEqual(users.map(() => users.length - 1))
})
