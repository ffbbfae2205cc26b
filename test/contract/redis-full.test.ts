import { Redis } from 'ioredis'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { newId } from '../../src/core/ids.ts'
import { defaultRoomOptions, dialectOf } from '../../src/core/model.ts'
import type { Store } from '../../src/core/ports/store.ts'
import { createRedisStore } from '../../src/state/redis/index.ts'
import { keysOf } from '../../src/state/redis/keys.ts'
import { type RedisServer, randomPrefix, startRedis } from '../support/redis.ts'
import { asDocumentedUser } from '../support/redis-user.ts'
import { Bench, type JoinedParticipant, limits, refuses, text } from './bench.ts'
import { backupOf } from './restore.ts'
import { camera, streamNews, viewing } from './samples.ts'

const prefix = randomPrefix()
const keys = keysOf(prefix)
let server: RedisServer
let admin: Redis
let store: Store

beforeAll(async () => {
  server = await startRedis()
  admin = new Redis(server.url)
  const url = await asDocumentedUser(server.url, prefix)
  store = createRedisStore({ urls: [url], mode: 'standalone' }, prefix, limits)
})
afterAll(async () => {
  await store?.close()
  admin?.disconnect()
  await server?.stop()
})

const setMaxMemory = (bytes: number) => admin.config('SET', 'maxmemory', bytes)

/** A room with two participants, a stream of the first and a subscription of the second. */
async function openScene() {
  const bench = new Bench(store, store)
  const [participant, other] = [await bench.join(), await bench.join()]
  const stream = camera(participant.id)
  const subscription = viewing(stream, other.id)
  await store.media.addStream(participant.write(), stream, [])
  await store.media.addSubscription(other.write(), subscription, [])
  return { bench, room: bench.room, participant, other, stream, subscription }
}
type Scene = Awaited<ReturnType<typeof openScene>>

/** The verb of the case; resolves to its outcome. */
type Act = () => Promise<unknown>

const token = () => ({ id: newId(), seconds: 60 })
const stateOf = async ({ ref }: JoinedParticipant) => (await store.sessionUpkeep.states([ref]))[0]
const detach = ({ ref }: JoinedParticipant) => store.sessionStore.detach(ref, 1)

/** The verbs that continue or end something, each with a preparation while Redis has memory, and its outcome. */
const accepted: { [verb: string]: [arrange: (scene: Scene) => Promise<Act> | Act, outcome: unknown] } = {
  heartbeat: [
    () => {
      const node = { id: newId(), url: 'http://node', version: '1', connections: 3 }
      return async () => {
        await store.nodes.heartbeat(node)
        return [await store.nodes.heartbeat(node), (await store.nodes.list()).some(({ id }) => id === node.id)]
      }
    },
    [true, true],
  ],
  trackRooms: [
    ({ room }) => {
      const node = newId()
      return async () => {
        await store.nodes.trackRooms(node, [room])
        return (await store.nodes.trackedRooms(node)).length
      }
    },
    1,
  ],
  touch: [
    ({ room }) =>
      async () => {
        await store.roomIndex.touch([room])
        return [await admin.zscore(keys.names, room), (await admin.zscore(keys.rooms, room)) !== null]
      },
    ['0', true],
  ],
  detach: [
    ({ participant }) =>
      async () => [await detach(participant), await stateOf(participant)],
    ['waiting', 'waiting'],
  ],
  'detach of a participant that does not reconnect': [
    async ({ bench }) => {
      const participant = await bench.join({ reconnects: false })
      return () => detach(participant)
    },
    'left',
  ],
  record: [
    async ({ room, participant }) => {
      const member = `${room}|${participant.id}`
      await admin.zrem(keys.waiting, member)
      return async () => {
        await store.reconnectWindows.recordAgain(participant.ref, 5)
        return admin.zscore(keys.waiting, member)
      }
    },
    '5',
  ],
  postpone: [
    ({ room, participant: { id } }) =>
      async () => {
        await store.reconnectWindows.postpone(room, id)
        return (await admin.zscore(keys.waiting, `${room}|${id}`)) !== null
      },
    true,
  ],
  'leave after the window': [
    async ({ room, participant }) => {
      await detach(participant)
      return async () => [
        await store.sessionStore.leave(room, participant.id, { windowEnd: Number.MAX_SAFE_INTEGER }),
        (await store.roster.roster(room)).members.length,
      ]
    },
    [true, 1],
  ],
  'leave of an absent participant': [
    ({ room }) =>
      () =>
        store.sessionStore.leave(room, newId(), 'any'),
    false,
  ],
  'leave by the owner': [
    ({ room, participant }) =>
      () =>
        store.sessionStore.leave(room, participant.id, { owner: participant.ref.owner }),
    true,
  ],
  detachAllOf: [
    async ({ bench, room }) => {
      const node = newId()
      const participant = await bench.join({ node })
      await store.nodes.trackRooms(node, [room])
      return async () => [(await store.reconnectWindows.detachAllOf(node, 100)).left, await stateOf(participant)]
    },
    [[], 'waiting'],
  ],
  recordConfirmed: [
    ({ bench, room, participant }) =>
      async () => {
        const held = await store.sessionUpkeep.recordConfirmed([
          { ref: participant.ref, confirmed: await bench.headSeq() },
        ])
        return [held, await admin.hget(keys.session(room, participant.id), 'cursor')]
      },
    [['connected'], '2'],
  ],
  reclaim: [
    async ({ participant }) => {
      await detach(participant)
      return async () => [await store.sessionUpkeep.reclaim(participant.ref), await stateOf(participant)]
    },
    [true, 'connected'],
  ],
  'reclaim of a session that has moved': [
    async ({ bench, participant }) => {
      await bench.resume(participant)
      return () => store.sessionUpkeep.reclaim(participant.ref)
    },
    false,
  ],
  resume: [
    async ({ bench, participant }) => {
      await detach(participant)
      return async () => (await bench.resume(participant)).complete
    },
    true,
  ],
  rejoin: [
    ({ room, participant: { id } }) =>
      async () =>
        (await store.sessionStore.rejoin({ room, id, node: 'B', token: token(), ticketId: newId() })).member.id === id,
    true,
  ],
  renewTicket: [
    ({ bench, participant }) =>
      async () => {
        await store.sessionStore.renewTicket(participant.ref, 'next')
        return (await bench.resume(participant, { ticketId: 'next' })).complete
      },
    true,
  ],
  confirmTicket: [
    ({ room, participant: { ref, request } }) =>
      async () => {
        await store.sessionStore.confirmTicket(ref, request.token, request.ticketId)
        return admin.get(keys.token(room, request.token.id))
      },
    'used',
  ],
  restore: [
    async ({ room, participant }) => {
      await admin.del(keys.session(room, participant.id))
      return async () => [await store.sessionUpkeep.restore(backupOf(participant)), await stateOf(participant)]
    },
    [true, 'connected'],
  ],
  'heads of a room that has lost entries': [
    ({ room }) =>
      async () => {
        const seq = await store.log.leapIfBehind(room, 7)
        return seq > 1_000_000
      },
    true,
  ],
  'heads after a failover': [
    async ({ room }) => {
      await admin.hset(keys.room(room), 'server', 'another')
      return async () => {
        const seq = await store.log.leapIfBehind(room, 1)
        return seq > 1_000_000
      }
    },
    true,
  ],
  removeStream: [
    ({ room, participant, stream, subscription }) =>
      async () => {
        await store.media.removeStream(participant.write(), stream.id, [streamNews(stream, 'remove')])
        return store.media.subscription(room, subscription.id)
      },
    undefined,
  ],
  removeSubscription: [
    ({ room, other, subscription }) =>
      async () => {
        await store.media.removeSubscription(other.write(), subscription.id, [])
        return store.media.subscription(room, subscription.id)
      },
    undefined,
  ],
  'removeStream by management': [
    ({ room, stream }) =>
      () =>
        store.media.removeStream({ room }, stream.id, [streamNews(stream, 'remove')]),
    true,
  ],
  'remove of a room': [
    async ({ room }) => {
      await store.rooms.configure(room, {})
      return async () => {
        await store.rooms.removeOptions(room, { at: 77, seconds: 60 })
        const { configured, closed } = (await store.rooms.find(room)) ?? {}
        return [configured, closed]
      }
    },
    [undefined, 77],
  ],
  claim: [
    () => {
      const nonce = newId()
      return async () => [(await store.nonces.claim(nonce, 60)).first, (await store.nonces.claim(nonce, 60)).first]
    },
    [true, false],
  ],
  'count of an open room, and claimBroadcast': [
    ({ room }) => {
      const dialect = newId()
      return async () => [
        await store.roomSizes.count(room),
        (await store.roomSizes.list(dialectOf(room), 100_000)).some((open) => open.room === room),
        await store.roomSizes.claimBroadcast(dialect, 30_000),
        await store.roomSizes.claimBroadcast(dialect, 30_000),
      ]
    },
    [true, true, true, false],
  ],
}

/** The verbs that need more memory of Redis. */
const refused: { [verb: string]: (scene: Scene) => Promise<unknown> } = {
  join: ({ bench }) => bench.join(),
  append: ({ bench, participant }) => bench.append(participant),
  announce: ({ room }) => store.log.appendFromServer(room, text(), newId()),
  recordReply: ({ participant }) => store.log.recordReply(participant.write({ rid: 7 })),
  setProfile: ({ participant }) => store.roster.setProfile(participant.write(), { new: true }),
  addStream: ({ participant }) => store.media.addStream(participant.write(), camera(participant.id), [text()]),
  changeStream: ({ room, stream }) => store.media.changeStream({ room }, stream, { ...stream, data: true }, [text()]),
  changeMember: async ({ room, participant: { member } }) =>
    store.roster.changeMember(room, member, { ...member, changes: 1 }, text()),
  configure: ({ room }) => store.rooms.replace(room, undefined, defaultRoomOptions),
}

async function snapshot({ bench, room, participant, other }: Scene): Promise<unknown> {
  const refs = [participant, other].map(({ ref }) => ref)
  return {
    log: await bench.log(),
    roster: await store.roster.roster(room),
    found: await store.rooms.find(room),
    states: await store.sessionUpkeep.states(refs),
    replies: await Promise.all(refs.map((ref) => store.log.replyTo(ref, 7))),
  }
}

test.each(Object.keys(accepted))('%s works while the memory of Redis is full', async (verb) => {
  const [arrange, outcome] = accepted[verb] as (typeof accepted)[string]
  const act = await arrange(await openScene())
  await setMaxMemory(1)
  try {
    expect(await act()).toEqual(outcome)
  } finally {
    await setMaxMemory(0)
  }
})

test.each(Object.keys(refused))(
  '%s is refused while the memory of Redis is full, changes nothing, and works after memory is free again',
  async (verb) => {
    const act = refused[verb] as (typeof refused)[string]
    const scene = await openScene()
    const before = await snapshot(scene)
    await setMaxMemory(1)
    try {
      await refuses(act(scene), 'unavailable')
      expect(await snapshot(scene)).toEqual(before)
    } finally {
      await setMaxMemory(0)
    }
    await act(scene)
  },
)
