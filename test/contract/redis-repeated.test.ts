import { Redis } from 'ioredis'
import { afterAll, beforeAll, test } from 'vitest'
import { newId } from '../../src/core/ids.ts'
import { defaultRoomOptions } from '../../src/core/model.ts'
import type { Store } from '../../src/core/ports/store.ts'
import { AdapterLane } from '../../src/state/redis/adapter-lane.ts'
import { createRedisStore } from '../../src/state/redis/index.ts'
import { keysOf } from '../../src/state/redis/keys.ts'
import { FaultProxy } from '../support/fault-proxy.ts'
import { type RedisServer, randomPrefix, startRedis } from '../support/redis.ts'
import { until } from '../support/until.ts'
import { Bench, limits, text } from './bench.ts'
import { camera, streamNews } from './samples.ts'

/** Performs the verb of the case on a store. */
type Act = (store: Store) => Promise<unknown>

type Case = {
  verb: string
  /** Matches the written command whose answer is lost. */
  command: RegExp
  /** Prepares the store over a connection that works. */
  arrange: (bench: Bench, redis: Redis, prefix: string) => Promise<Act>
}

const script = /\r\neval(sha)?\r\n/
const keyOfOlderNodes = /:once:/

const cases: Case[] = [
  {
    verb: 'append',
    command: script,
    arrange: async (bench) => {
      const write = (await bench.join()).write()
      return (store) => store.log.append(write, text())
    },
  },
  {
    verb: 'announce',
    command: script,
    arrange: async (bench) => {
      await bench.join()
      return (store) => store.log.appendFromServer(bench.room, text())
    },
  },
  {
    verb: 'leave',
    command: script,
    arrange: async (bench) => {
      const { id } = await bench.join()
      return (store) => store.sessionStore.leave(bench.room, id, 'any', text())
    },
  },
  {
    verb: 'changeMember',
    command: script,
    arrange: async (bench) => {
      const { id } = await bench.join()
      const member = await bench.store.roster.member(bench.room, id)
      if (!member) throw new Error('no member')
      return (store) => store.roster.changeMember(bench.room, member, { ...member, changes: 1 }, text())
    },
  },
  {
    verb: 'changeStream',
    command: script,
    arrange: async (bench) => {
      const stream = await published(bench)
      const changed = { ...stream, attributes: { a: 1 } }
      return (store) => store.media.changeStream({ room: bench.room }, stream, changed, [text()])
    },
  },
  {
    verb: 'removeStream',
    command: script,
    arrange: async (bench) => {
      const stream = await published(bench)
      return (store) => store.media.removeStream({ room: bench.room }, stream.id, [streamNews(stream, 'remove')])
    },
  },
  {
    verb: 'replace',
    command: script,
    arrange: async (bench) => (store) =>
      store.rooms.replace(bench.room, undefined, { ...defaultRoomOptions, participantLimit: 3 }),
  },
  {
    verb: 'claim',
    command: script,
    arrange: async () => {
      const nonce = newId()
      return (store) => store.nonces.claim(nonce, 60)
    },
  },
  {
    verb: 'claim (the key of older nodes)',
    command: keyOfOlderNodes,
    arrange: async () => {
      const nonce = newId()
      return (store) => store.nonces.claim(nonce, 60)
    },
  },
  {
    verb: 'count',
    command: script,
    arrange: async (bench) => {
      await bench.join()
      return (store) => store.roomSizes.count(bench.room)
    },
  },
  {
    verb: 'claimBroadcast',
    command: script,
    arrange: async () => {
      const dialect = newId()
      return (store) => store.roomSizes.claimBroadcast(dialect, 30_000)
    },
  },
  {
    verb: 'heartbeat after the lease has expired',
    command: script,
    arrange: async (_bench, redis, prefix) => {
      const id = newId()
      await redis.zadd(keysOf(prefix).nodes, 1, id)
      return (store) => store.nodes.heartbeat({ id, url: '', version: '', connections: 0 })
    },
  },
]

async function published(bench: Bench) {
  const participant = await bench.join()
  const stream = camera(participant.id)
  await bench.store.media.addStream(participant.write(), stream, [])
  return stream
}

let redis: RedisServer
beforeAll(async () => {
  redis = await startRedis()
})
afterAll(() => redis.stop())

test.concurrent.for(cases)(
  '$verb takes effect once and gives the same answer when its answer is lost and the node sends it again',
  async ({ command, arrange }, { expect, onTestFinished }) => {
    const proxy = await FaultProxy.start()
    proxy.target = redis.port
    const prefix = randomPrefix()
    const stateAt = (port: number) => {
      const store = createRedisStore({ urls: [`redis://127.0.0.1:${port}`], mode: 'standalone' }, prefix, limits)
      onTestFinished(() => store.close())
      return store
    }
    const [direct, proxied] = [stateAt(redis.port), stateAt(proxy.port)]
    await proxied.ping()
    const admin = new Redis(redis.url)
    onTestFinished(() => admin.disconnect())

    /** The answer, and the number of entries that the verb appended. */
    const perform = async (store: Store, before = () => {}) => {
      const bench = new Bench(direct, direct)
      const act = await arrange(bench, admin, prefix)
      const start = await bench.headSeq()
      before()
      return { answer: await act(store), added: (await bench.headSeq()) - start }
    }
    // also loads the script into Redis
    const undisturbed = await perform(direct)
    const repeated = await perform(proxied, () => proxy.loseAnswers(command))
    expect(repeated).toEqual(undisturbed)
    expect(proxy.answersLost).toBe(1)
  },
)

/** Two states of one cluster: one connects to Redis directly, the other through a proxy. */
async function openPair(onTestFinished: (end: () => Promise<void>) => void) {
  const proxy = await FaultProxy.start()
  proxy.target = redis.port
  const prefix = randomPrefix()
  const [direct, proxied] = [redis.port, proxy.port].map((port) =>
    createRedisStore({ urls: [`redis://127.0.0.1:${port}`], mode: 'standalone' }, prefix, limits),
  ) as [ReturnType<typeof createRedisStore>, ReturnType<typeof createRedisStore>]
  onTestFinished(async () => {
    await Promise.all([direct.close(), proxied.close()])
  })
  await proxied.ping()
  const bench = new Bench(direct, direct)
  return { proxy, direct, proxied, bench, room: bench.room }
}

test.concurrent('a second copy of reclaim does not connect a session that was detached in between', async ({
  expect,
  onTestFinished,
}) => {
  const { proxy, direct, proxied, bench } = await openPair(onTestFinished)
  const { ref } = await bench.join()
  await direct.sessionStore.detach(ref, 1)
  proxy.loseAnswers(script)
  const reclaimed = proxied.sessionUpkeep.reclaim(ref)
  await until(async () => (await direct.sessionUpkeep.states([ref]))[0] === 'connected')
  await direct.sessionStore.detach(ref, 1)
  expect(await reclaimed).toBe(true)
  expect(await direct.sessionUpkeep.states([ref])).toEqual(['waiting'])
})

test.concurrent('a second copy of unconfigure does not change a room that was configured again in between', async ({
  expect,
  onTestFinished,
}) => {
  const { proxy, direct, proxied, room } = await openPair(onTestFinished)
  const isConfigured = async () => (await direct.rooms.find(room))?.configured !== undefined
  await direct.rooms.configure(room, {})
  proxy.loseAnswers(script)
  const removed = proxied.rooms.removeOptions(room)
  await until(async () => !(await isConfigured()))
  await direct.rooms.configure(room, { participantLimit: 3 })
  await removed
  expect(await isConfigured()).toBe(true)
})

test.concurrent('a copy of an earlier write that arrives after the next write is refused', async ({
  expect,
  onTestFinished,
}) => {
  const { direct, bench } = await openPair(onTestFinished)
  const participant = await bench.join()
  const first = participant.write()
  await direct.log.append(first, text())
  await direct.log.append(participant.write(), text())
  await expect(direct.log.append(first, text())).rejects.toMatchObject({ code: 'unavailable' })
  expect(await bench.log()).toHaveLength(3)
})

test.concurrent('a message of Socket.IO’s adapter arrives once, although the answer to its publication is lost', async ({
  expect,
  onTestFinished,
}) => {
  const { proxy } = await openPair(onTestFinished)
  const lane = new AdapterLane({ urls: [`redis://127.0.0.1:${proxy.port}`], mode: 'standalone' })
  const [listener, admin] = [new Redis(redis.url), new Redis(redis.url)]
  onTestFinished(async () => {
    await lane.close()
    for (const client of [listener, admin]) client.disconnect()
  })
  const channel = newId()
  const received: string[] = []
  listener.on('message', (_channel, message) => received.push(message))
  await listener.subscribe(channel)
  await until(async () => (await lane.pub.publish(channel, 'before')) === 1)
  proxy.loseAnswers(/publish/i)
  await lane.pub.publish(channel, 'once')
  await until(async () => (await lane.pub.publish(channel, 'after')) === 1)
  await admin.publish(channel, 'end')
  await until(async () => received.includes('end'))
  expect(received.filter((message) => message === 'once')).toHaveLength(1)
})

test.concurrent('reclaim and the count of a room are not executed after their deadline', async ({
  expect,
  onTestFinished,
}) => {
  const server = await startRedis()
  const store = createRedisStore({ urls: [server.url], mode: 'standalone' }, randomPrefix(), limits)
  onTestFinished(async () => {
    await store.close()
    await server.stop()
  })
  const bench = new Bench(store, store)
  const { ref } = await bench.join()
  await store.sessionUpkeep.reclaim(ref)
  await store.roomSizes.count(new Bench(store, store).room)
  await store.sessionStore.detach(ref, 1)
  server.pause()
  const given = await Promise.allSettled([store.sessionUpkeep.reclaim(ref), store.roomSizes.count(bench.room)])
  server.resume()
  expect(given.map(({ status }) => status)).toEqual(['rejected', 'rejected'])
  expect(await store.sessionUpkeep.states([ref])).toEqual(['waiting'])
  expect(await store.roomSizes.count(bench.room)).toBe(true)
})
