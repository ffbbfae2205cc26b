import { Redis } from 'ioredis'
import { afterAll, beforeAll, test } from 'vitest'
import { newId } from '../../src/core/ids.ts'
import { defaultRoomOptions } from '../../src/core/model.ts'
import type { State } from '../../src/core/ports/state.ts'
import { createRedisState } from '../../src/state/redis/index.ts'
import { keysOf } from '../../src/state/redis/keys.ts'
import { FaultProxy } from '../support/fault-proxy.ts'
import { type RedisServer, randomPrefix, startRedis } from '../support/redis.ts'
import { Bench, retention, text } from './bench.ts'
import { camera, streamNews } from './samples.ts'

/** The verb under test, on the state that it is given. */
type Act = (state: State) => Promise<unknown>

type Case = {
  verb: string
  /** Matches the written command whose answer is lost. */
  command: RegExp
  /** Prepares the state without a fault. */
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
      return (state) => state.log.append(write, text())
    },
  },
  {
    verb: 'announce',
    command: script,
    arrange: async (bench) => {
      await bench.join()
      return (state) => state.log.announce(bench.room, text())
    },
  },
  {
    verb: 'leave',
    command: script,
    arrange: async (bench) => {
      const { id } = await bench.join()
      return (state) => state.places.leave(bench.room, id, 'any', text())
    },
  },
  {
    verb: 'changeMember',
    command: script,
    arrange: async (bench) => {
      const { id } = await bench.join()
      const member = await bench.state.oversight.member(bench.room, id)
      if (!member) throw new Error('no member')
      return (state) => state.oversight.changeMember(bench.room, member, { ...member, changes: 1 }, text())
    },
  },
  {
    verb: 'changeStream',
    command: script,
    arrange: async (bench) => {
      const stream = await published(bench)
      const changed = { ...stream, attributes: { a: 1 } }
      return (state) => state.oversight.changeStream(bench.room, stream, changed, [text()])
    },
  },
  {
    verb: 'removeStream',
    command: script,
    arrange: async (bench) => {
      const stream = await published(bench)
      return (state) => state.oversight.removeStream(bench.room, stream.id, [streamNews(stream, 'remove')])
    },
  },
  {
    verb: 'replace',
    command: script,
    arrange: async (bench) => (state) =>
      state.rooms.replace(bench.room, undefined, { ...defaultRoomOptions, participantLimit: 3 }),
  },
  {
    verb: 'firstUse',
    command: script,
    arrange: async () => {
      const mark = newId()
      return (state) => state.oversight.firstUse(mark, 60)
    },
  },
  {
    verb: 'firstUse (the key of older nodes)',
    command: keyOfOlderNodes,
    arrange: async () => {
      const mark = newId()
      return (state) => state.oversight.firstUse(mark, 60)
    },
  },
  {
    verb: 'count',
    command: script,
    arrange: async (bench) => {
      await bench.join()
      return (state) => state.lobby.count(bench.room)
    },
  },
  {
    verb: 'turn',
    command: script,
    arrange: async () => {
      const dialect = newId()
      return (state) => state.lobby.turn(dialect, 30_000)
    },
  },
  {
    verb: 'beat after the lease expired',
    command: script,
    arrange: async (_bench, redis, prefix) => {
      const id = newId()
      await redis.zadd(keysOf(prefix).nodes, 1, id)
      return (state) => state.nodes.beat({ id, url: '', version: '', connections: 0 })
    },
  },
]

async function published(bench: Bench) {
  const seated = await bench.join()
  const stream = camera(seated.id)
  await bench.state.media.addStream(seated.write(), stream, [])
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
      const state = createRedisState({ urls: [`redis://127.0.0.1:${port}`], mode: 'standalone' }, prefix, retention)
      onTestFinished(() => state.close())
      return state
    }
    const [direct, proxied] = [stateAt(redis.port), stateAt(proxy.port)]
    await proxied.ping()
    const admin = new Redis(redis.url)
    onTestFinished(() => admin.disconnect())

    /** The answer, and how many entries the room's log has more. */
    const perform = async (state: State, before = () => {}) => {
      const bench = new Bench(direct, direct)
      const act = await arrange(bench, admin, prefix)
      const start = await bench.top()
      before()
      return { answer: await act(state), added: (await bench.top()) - start }
    }
    // also loads the script into Redis
    const undisturbed = await perform(direct)
    const repeated = await perform(proxied, () => proxy.loseAnswers(command))
    expect(repeated).toEqual(undisturbed)
    expect(proxy.answersLost).toBe(1)
  },
)
