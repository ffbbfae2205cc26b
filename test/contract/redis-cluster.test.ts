import { Command, Redis } from 'ioredis'
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest'
import type { RoomId } from '../../src/core/model.ts'
import type { Store } from '../../src/core/ports/store.ts'
import type { RedisTarget } from '../../src/state/redis/connection.ts'
import { createRedisStore } from '../../src/state/redis/index.ts'
import { keysOf } from '../../src/state/redis/keys.ts'
import { type RedisGroup, type RedisServer, randomPrefix, startRedisCluster } from '../support/redis.ts'
import { until } from '../support/until.ts'
import { Bench, limits } from './bench.ts'
import { redisFactory } from './redis-factory.ts'
import { describeStore } from './store.ts'

let cluster: RedisGroup

beforeAll(async () => {
  cluster = await startRedisCluster()
})
afterAll(() => cluster?.stop())

async function killSubscribers({ url }: RedisServer): Promise<void> {
  const admin = new Redis(url)
  await admin.client('KILL', 'TYPE', 'PUBSUB')
  admin.disconnect()
}

const target = (): RedisTarget => ({ urls: cluster.urls, mode: 'cluster' })

describeStore('redis cluster', redisFactory(target))

/**
 * The seqs that a node receives in each room: live, and from the log after a repeated subscription. A new client of a Redis Cluster
 * may find a master after it has subscribed, and then repeats its subscriptions.
 */
async function follow(
  store: Store,
  rooms: RoomId[],
  reset: (rooms: RoomId[]) => void = () => {},
): Promise<Map<RoomId, Set<number>>> {
  const received = new Map(rooms.map((room) => [room, new Set<number>()]))
  store.pubSub.onResubscribed(async (missed) => {
    reset(missed)
    for (const room of missed) for (const { seq } of await store.log.read(room, 0, 100)) received.get(room)?.add(seq)
  })
  for (const [room, seqs] of received) await store.pubSub.subscribe(room, ({ seq }) => seqs.add(seq))
  return received
}

test('the rooms are on all masters, and a node needs the address of only one', async () => {
  const [first = ''] = cluster.urls
  const store = createRedisStore({ ...target(), urls: [first] }, randomPrefix(), limits)
  onTestFinished(() => store.close())
  const benches = Array.from({ length: 30 }, () => new Bench(store, store))
  const received = await follow(
    store,
    benches.map(({ room }) => room),
  )
  for (const bench of benches) await bench.append(await bench.join())
  await until(async () => [...received.values()].every(({ size }) => size === 2))
  const sizes = await Promise.all(store.client.links.map(({ redis }) => redis.dbsize()))
  expect(sizes).toHaveLength(3)
  for (const size of sizes) expect(size).toBeGreaterThan(0)
})

test('a broken subscription is re-established and reported', async () => {
  const store = createRedisStore(target(), randomPrefix(), limits)
  onTestFinished(() => store.close())
  const bench = new Bench(store, store)
  const participant = await bench.join()
  let reset: (rooms: RoomId[]) => void = () => {}
  const received = await follow(store, [bench.room], (rooms) => reset(rooms))
  const reported = new Promise<RoomId[]>((resolve) => {
    reset = resolve
  })
  for (const server of cluster.servers) await killSubscribers(server)
  expect(await reported).toEqual([bench.room])
  await bench.append(participant)
  await until(async () => received.get(bench.room)?.has(2) === true)
})

test('a participant can enter a room while the shard of the list of rooms hangs', async () => {
  const masterOf = (key: string) =>
    Math.floor(((new Command('get', [key]).getSlot() ?? 0) * cluster.servers.length) / 16384)
  const prefix = randomPrefix()
  const keys = keysOf(prefix)
  const frozen = masterOf(keys.rooms)
  const elsewhere = (name: (nth: number) => string) => {
    const found = Array.from({ length: 200 }, (_, nth) => nth).find((nth) => masterOf(name(nth)) !== frozen)
    if (found === undefined) throw new Error('No other shard')
    return found
  }
  const node = `node${elsewhere((nth) => keys.nodeRooms(`node${nth}`))}`
  const room = `portal/room${elsewhere((nth) => keys.room(`portal/room${nth}`))}`
  const store = createRedisStore(target(), prefix, limits)
  onTestFinished(() => store.close())
  const bench = new Bench(store, store, room)
  await store.nodes.trackRooms(node, [room]) // connected to every shard
  await store.roomIndex.touch([room])
  const server = cluster.servers[frozen]
  server?.pause()
  onTestFinished(() => server?.resume())
  const start = performance.now()
  await store.roomIndex.registerWithin('portal/another', 1)
  await store.nodes.trackRooms(node, [room])
  await bench.join({ node })
  expect(performance.now() - start).toBeLessThan(3000)
})

test.each([
  ['the key of a room, whose tag is in braces', 'sb_announce'],
  ['the key of the leases, which is its own tag', 'sb_beat'],
])('a script that Redis receives twice is executed once in a Redis Cluster: %s', async (_name, command) => {
  const prefix = randomPrefix()
  const keys = keysOf(prefix)
  const store = createRedisStore(target(), prefix, limits)
  onTestFinished(() => store.close())
  const bench = new Bench(store, store)
  await bench.join()
  const { room } = bench
  const roomKeys = [keys.room(room), keys.log(room), keys.feed(room), keys.members(room), keys.appendedSeq(room, '')]
  const body = '"event":"text"}'
  const calls: { [name: string]: [keys: string[], args: string[]] } = {
    sb_announce: [roomKeys, ['', body, '', '']],
    sb_beat: [[keys.nodes], ['A']],
  }
  const [ofScript, args] = calls[command] as [string[], string[]]
  const client = store.client as unknown as { [name: string]: (...args: string[]) => Promise<unknown> }
  const send = () => client[command]?.(...ofScript, keys.answer(ofScript[0] ?? '', 'op'), ...args, 'op')
  const first = await send()
  expect(await send()).toEqual(first)
  expect(await bench.headSeq()).toBe(command === 'sb_announce' ? 2 : 1)
})
