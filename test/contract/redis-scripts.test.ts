import { Redis } from 'ioredis'
import { expect, onTestFinished, test } from 'vitest'
import { createRedisStore } from '../../src/state/redis/index.ts'
import { keysOf } from '../../src/state/redis/keys.ts'
import { randomPrefix, redisUrl, startRedis } from '../support/redis.ts'
import { Bench, limits, refuses } from './bench.ts'
import { backupOf } from './restore.ts'
import { camera, viewing } from './samples.ts'

function open(url = redisUrl()) {
  const prefix = randomPrefix()
  const store = createRedisStore({ urls: [url], mode: 'standalone' }, prefix, limits)
  onTestFinished(() => store.close())
  const bench = new Bench(store, store)
  return { store, bench, keys: keysOf(prefix), room: bench.room, client: store.client }
}

/** JSON that the decoder of the scripts refuses. Nodes refuse it, too, but older versions may have stored it. */
const undecodable = '{"id":"odd","owner":"odd","streams":["odd"],"name":"\\ud800"}'

test('leave removes a participant whose member record is missing, with its streams', async () => {
  const { store, bench, keys, room, client } = open()
  const [gone, other] = [await bench.join(), await bench.join()]
  const stream = camera(gone.id)
  await store.media.addStream(gone.write(), stream, [])
  await client.hdel(keys.members(room), gone.id)
  expect(await store.sessionStore.leave(room, gone.id, 'any')).toBe(true)
  expect(await client.exists(keys.session(room, gone.id))).toBe(0)
  expect((await store.roster.roster(room)).streams).toEqual([])
  expect(await bench.append(other)).toBe((await bench.log()).length)
})

test('objects that the scripts cannot decode prevent neither leave nor removeStream, and expire with the room', async () => {
  const { store, bench, keys, room, client } = open()
  const [ann, bob] = [await bench.join(), await bench.join()]
  const [ofLeaver, ofOther] = [camera(ann.id), camera(bob.id)]
  await store.media.addStream(ann.write(), ofLeaver, [])
  await store.media.addStream(bob.write(), ofOther, [])
  await store.media.addSubscription(bob.write(), viewing(ofLeaver, bob.id), [])
  for (const hash of [keys.streams(room), keys.subscriptions(room)])
    await client.hset(hash, 'odd', undecodable, 'no', '5')
  await store.media.removeStream(ann.write(), ofLeaver.id, [])
  expect(await store.media.removeStream({ room }, ofOther.id, [])).toBe(true)
  expect((await client.hkeys(keys.subscriptions(room))).toSorted()).toEqual(['no', 'odd'])
  for (const { id } of [ann, bob]) expect(await store.sessionStore.leave(room, id, 'any')).toBe(true)
  expect(await client.exists(keys.streams(room), keys.subscriptions(room))).toBe(0)
})

test('restore replaces a member record that the scripts cannot decode', async () => {
  const { store, bench, keys, room, client } = open()
  const ann = await bench.join()
  await client.hset(keys.members(room), ann.id, undecodable)
  expect(await store.sessionUpkeep.restore(backupOf(ann))).toBe(true)
  expect(await store.roster.member(room, ann.id)).toEqual(ann.member)
})

test('a login that is refused because of full memory does not change a room that is about to expire', async () => {
  const server = await startRedis()
  onTestFinished(() => server.stop())
  const admin = new Redis(server.url)
  onTestFinished(() => admin.disconnect())
  const { store, bench, keys, room, client } = open(server.url)
  const { id } = await bench.join()
  await store.sessionStore.leave(room, id, 'any')
  const left = await client.keys('*')
  await admin.config('SET', 'maxmemory', '1')
  await refuses(bench.join(), 'unavailable')
  await admin.config('SET', 'maxmemory', '0')
  expect((await client.keys('*')).toSorted()).toEqual(left.toSorted())
  for (const key of [keys.room(room), keys.log(room)]) expect(await client.pttl(key)).toBeGreaterThan(0)
})

test('a participant can leave, and can be removed by management, while the memory is full', async () => {
  const server = await startRedis()
  onTestFinished(() => server.stop())
  const admin = new Redis(server.url)
  onTestFinished(() => admin.disconnect())
  const { store, bench, room } = open(server.url)
  const [one, two] = [await bench.join(), await bench.join()]
  await admin.config('SET', 'maxmemory', '1')
  expect(await store.sessionStore.leave(room, one.id, { owner: one.ref.owner })).toBe(true)
  expect(await store.sessionStore.leave(room, two.id, 'any', { event: 'drop', data: null, to: two.id })).toBe(true)
})
