import { Redis } from 'ioredis'
import { expect, onTestFinished, test } from 'vitest'
import { newId } from '../../../src/core/ids.ts'
import { keysOf } from '../../../src/state/redis/keys.ts'
import { connect, enter } from '../../support/client.ts'
import { ackOf, inChannel, inRoom, peer } from '../../support/dialects.ts'
import { publishBoth, subscribeBoth } from '../../support/media.ts'
import { newRoom, startCluster, startNode, type TestNode } from '../../support/node.ts'
import { redisUrl } from '../../support/redis.ts'
import { until } from '../../support/until.ts'

const env = { RECONNECT_WINDOW: 1 }
const cluster = (await startCluster(2, { env })) as [TestNode, TestNode]
const limited = (await startCluster(2, { env: { ...env, MAX_ROOMS: 8 } })) as [TestNode, TestNode]
const memory = await startNode({ env: { ...env, MAX_ROOMS: 8 } })

/** Runs a session of every dialect in new rooms, from login to logout or disconnect. */
async function visit([one, two]: [TestNode, TestNode], cut: boolean): Promise<void> {
  const [room, other] = [newRoom(), newRoom()]
  const [ann, bob] = [await enter(one.url, { room }), await enter(two.url, { room })]
  await ann.next('participant')
  await subscribeBoth(bob, await publishBoth(ann))
  await ann.request('text', { to: 'all', message: 'x' }, { rid: 1 })
  const inOther = [await inRoom(one, other, 'Ann'), await inRoom(two, other)]
  await inOther[0]?.request('enter_room', room)
  const channel = await inChannel(two, room)
  const [name, uid] = [newId(), newId()]
  const [sender, receiver] = [await peer(one, name), await peer(two, uid)]
  await ackOf(sender, 'owt-message', { to: uid, data: 'x' }, { rid: 1 })
  const clients = [ann, bob, channel, sender, receiver, ...inOther]
  for (const client of clients) {
    if (cut) client.cut()
    else await client.request('logout')
  }
}

test('after all participants have left, every key in Redis expires or belongs to a living node', async () => {
  const [{ config, app }] = cluster
  const redis = new Redis(redisUrl())
  onTestFinished(() => redis.disconnect())
  const keys = keysOf(config.redisPrefix)
  for (const cut of [false, true, false, true]) await visit(cluster, cut)
  const permanent = new Set([keys.nodes, keys.waitingClock, `${config.redisPrefix}:io`])
  const staying = async () => {
    const names = (await redis.keys(`${config.redisPrefix}:*`)).filter((name) => !permanent.has(name))
    const ttls = await Promise.all(names.map((name) => redis.pttl(name)))
    return names.filter((_, index) => ttls[index] === -1)
  }
  await until(async () => (await staying()).length === 0).catch(() => {})
  expect(await staying()).toEqual([])
  expect(await redis.zcard(keys.nodes)).toBe(2)
  for (const node of cluster) expect(node.app.sessions.all).toEqual([])
  await until(async () => app.sessions.disconnections.waiting.length === 0)
})

test.each([
  { where: 'memory', nodes: [memory, memory] as [TestNode, TestNode] },
  { where: 'Redis', nodes: limited },
])('rooms that have ended do not count towards MAX_ROOMS, in $where', async ({ nodes: [one, two] }) => {
  for (let round = 0; round < 30; round += 1) {
    const client = await inRoom(round % 2 ? one : two, newRoom())
    expect(await client.request('leave_room')).toMatchObject({ status: 'ok' })
    client.socket.disconnect()
  }
  const rooms = Array.from({ length: 12 }, newRoom)
  const client = await connect(one.url, { namespace: '/rooms' })
  await until(async () => (await client.request('enter_room', rooms[0])).status === 'ok')
  const open = await Promise.all(
    rooms.map(async (room) => (await connect(two.url, { namespace: '/rooms' })).request('enter_room', room)),
  )
  expect(open.filter(({ status }) => status === 'ok')).toHaveLength(8)
  expect(open.filter(({ code }) => code === 'too_many_rooms')).toHaveLength(4)
})
