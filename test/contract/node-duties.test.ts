import { expect, onTestFinished, test } from 'vitest'
import type { Keyring } from '../../src/core/auth/keyring.ts'
import { NodeDuties } from '../../src/core/cluster/node-duties.ts'
import { SignalError } from '../../src/core/errors.ts'
import type { SessionConnection } from '../../src/core/ports/connection.ts'
import type { SessionRef } from '../../src/core/ports/session-store.ts'
import { Feeds } from '../../src/core/room/feeds.ts'
import { Sessions } from '../../src/core/session/sessions.ts'
import type { SessionsEvents } from '../../src/core/session/sessions-config.ts'
import { createRedisStore } from '../../src/state/redis/index.ts'
import { keysOf } from '../../src/state/redis/keys.ts'
import { randomPrefix, redisUrl } from '../support/redis.ts'
import { Bench, type JoinedParticipant, limits } from './bench.ts'

const node = (id: string) => ({ id, url: 'http://127.0.0.1:8080', version: '1.0.0', connections: 3 })

/** The duties of node B, and rooms with one participant each of node A, whose lease expires at once. */
async function survivor(rooms: number, seconds: { window: number }, events: SessionsEvents = {}) {
  const prefix = randomPrefix()
  const store = createRedisStore({ urls: [redisUrl()], mode: 'standalone' }, prefix, {
    ...limits,
    ...seconds,
    lease: 0,
  })
  onTestFinished(() => store.close())
  const benches = Array.from({ length: rooms }, () => new Bench(store, store))
  await store.nodes.trackRooms(
    'A',
    benches.map(({ room }) => room),
  )
  const participants: JoinedParticipant[] = await Promise.all(benches.map((bench) => bench.join({ node: 'A' })))
  const feeds = new Feeds(store, 'B', () => Promise.resolve(), {})
  const keys: Keyring = ['a key of at least thirty-two characters']
  const roomLimits = { maxRooms: 0, maxParticipants: 0 }
  const config = { node: 'B', keys, dialectNames: ['portal'], tokenTtl: 180, ticketTtl: 600, window: 60, ...roomLimits }
  const sessions = new Sessions(store, feeds, config, events)
  const lease = new NodeDuties(store, feeds, sessions, () => node('B'), events)
  return { store, lease, sessions, keys: keysOf(prefix), participants, refs: participants.map(({ ref }) => ref) }
}

test('one round detaches all participants of a dead node, however many they are', async () => {
  const { store, lease, refs } = await survivor(350, { window: 60 })
  await store.nodes.heartbeat(node('A'))
  await lease.reap()
  expect(new Set(await store.sessionUpkeep.states(refs))).toEqual(new Set(['waiting']))
  expect(await store.nodes.expired()).toEqual([])
})

test('one round removes all participants whose window is over, however many they are', async () => {
  const left: string[] = []
  const { store, lease, refs } = await survivor(
    350,
    { window: 0 },
    { left: (reason, { id }) => left.push(`${reason} ${id}`) },
  )
  await Promise.all(refs.map((ref) => store.sessionStore.detach(ref, 1)))
  await lease.reap()
  expect(left.toSorted()).toEqual(refs.map(({ id }) => `window ${id}`).toSorted())
  expect(await store.reconnectWindows.expired(10)).toEqual([])
})

test('reaping stops when the node sends a heartbeat again', async () => {
  const { store, lease, refs } = await survivor(350, { window: 60 })
  await store.nodes.heartbeat(node('A'))
  const { detachAllOf } = store.reconnectWindows
  // the node returns during the first batch
  store.reconnectWindows.detachAllOf = async (...args) => {
    const done = await detachAllOf.apply(store.reconnectWindows, args)
    await store.nodes.remove('A')
    return done
  }
  await lease.reap()
  expect(new Set(await store.sessionUpkeep.states(refs))).toEqual(new Set(['waiting', 'connected']))
})

/** Makes every script that reads these sessions fail. */
async function corrupt({ store, keys }: Awaited<ReturnType<typeof survivor>>, refs: SessionRef[]): Promise<void> {
  for (const { room, id } of refs) await store.client.set(keys.session(room, id), 'no hash')
}

test('a broken room of a dead node does not delay the other rooms', async () => {
  const { store, lease, keys, refs } = await survivor(30, { window: 60 })
  const [corrupted, ...others] = refs as [SessionRef, ...SessionRef[]]
  await store.client.set(keys.members(corrupted.room), 'no hash')
  await store.nodes.heartbeat(node('A'))
  await expect(lease.reap()).rejects.toThrow()
  expect(new Set(await store.sessionUpkeep.states(others))).toEqual(new Set(['waiting']))
  expect(await store.nodes.trackedRooms('A')).toEqual([corrupted.room])
})

test('more participants than one batch, whose shard does not answer, do not delay the others', async () => {
  const { store, lease, keys, refs } = await survivor(130, { window: 0 })
  for (const ref of refs) await store.sessionStore.detach(ref, 1) // the oldest first
  const away = new Set(refs.slice(0, 120).map(({ room }) => room))
  const { leave } = store.sessionStore
  store.sessionStore.leave = async (...args) => {
    if (away.has(args[0])) throw new SignalError('unavailable')
    return leave.apply(store.sessionStore, args)
  }
  for (let round = 0; round < 3; round += 1) await lease.reap().catch(() => {})
  const rosters = await Promise.all(refs.slice(120).map(({ room }) => store.roster.roster(room)))
  expect(rosters.map(({ members }) => members)).toEqual(rosters.map(() => []))
  expect(await store.client.zcard(keys.waiting)).toBe(120)
})

const connection: SessionConnection = { open: true, onLost: () => () => {}, deliver() {}, cut() {}, close() {} }

async function login(sessions: Sessions, room: string): Promise<SessionRef> {
  const claims = { tokenId: room, room, user: 'Ann', role: 'presenter', notAfter: Date.now() + 60_000 }
  const { session } = await sessions.login({ connection, dialect: 'portal', claims, profile: {} })
  return session.ref
}

test('a room whose check fails delays neither the other rooms nor the other duties', async () => {
  const given = await survivor(0, { window: 60 })
  const { store, lease, sessions } = given
  const [corrupted, waiting, unreported] = [
    await login(sessions, 'a'),
    await login(sessions, 'b'),
    await login(sessions, 'c'),
  ]
  await corrupt(given, [corrupted])
  await store.sessionStore.detach(waiting, 1) // by a node that considered this one dead
  const { detach } = store.sessionStore
  store.sessionStore.detach = () => Promise.reject(new SignalError('unavailable'))
  await sessions.closer.detach(sessions.find(unreported) as never)
  store.sessionStore.detach = detach
  await expect(lease.check()).rejects.toThrow()
  expect(await store.sessionUpkeep.states([waiting, unreported])).toEqual(['connected', 'waiting'])
})

test('the second round detaches sessions without a connection and keeps the others', async () => {
  const given = await survivor(3, { window: 60 })
  const { store, lease, sessions, keys, refs } = given
  const held = await login(sessions, 'held')
  const { room } = held
  const bench = new Bench(store, store, room)
  const own = (await bench.join({ node: 'B' })).ref
  const unknown = (await bench.join({ node: 'of no lease' })).ref
  await store.nodes.trackRooms('B', ['portal/empty'])
  await lease.reconcile()
  expect(await store.sessionUpkeep.states([held, own, unknown, ...refs])).not.toContain('waiting')
  await lease.reconcile()
  expect(await store.sessionUpkeep.states([held, own, unknown])).toEqual(['connected', 'waiting', 'waiting'])
  expect(await store.nodes.trackedRooms('B')).toEqual([room])
  // the node that prunes the list checks rooms that no node has listed for long
  await store.client.zadd(keys.rooms, ...refs.flatMap(({ room }) => [1, room]))
  await lease.reap()
  expect(await store.sessionUpkeep.states(refs)).toEqual(refs.map(() => 'waiting'))
})

test('a participant past the end of its window, whose record was lost, has expired again', async () => {
  const { store, lease, keys, refs } = await survivor(1, { window: -20 })
  const [ref] = refs as [SessionRef]
  await store.sessionStore.detach(ref, 1)
  await store.client.del(keys.waiting)
  await store.nodes.trackRooms('B', [ref.room])
  for (let round = 0; round < 2; round += 1) await lease.reconcile()
  expect(await store.reconnectWindows.expired(10)).toMatchObject([{ id: ref.id }])
  await lease.reap()
  expect((await store.roster.roster(ref.room)).members).toEqual([])
})

test('reconciliation does not move the end of a window that the clock of the windows has not reached', async () => {
  const { store, lease, keys, refs } = await survivor(2, { window: 60 })
  const [first, second] = refs as [SessionRef, SessionRef]
  await store.sessionStore.detach(first, 1)
  await store.client.hset(keys.waitingClock, 'behind', 100_000) // no node has looked for windows for that long
  await store.sessionStore.detach(second, 1)
  await store.nodes.trackRooms('B', [first.room, second.room])
  const recorded = () => store.client.zscore(keys.waiting, `${second.room}|${second.id}`)
  const windowEnd = await recorded()
  for (let round = 0; round < 2; round += 1) await lease.reconcile()
  expect(await recorded()).toBe(windowEnd)
})

test('a window that the reaper removes before the session waits is recorded again', async () => {
  const { store, keys, refs } = await survivor(1, { window: 60 })
  const [ref] = refs as [SessionRef]
  const commands = store.client as unknown as { sb_detach: (...args: unknown[]) => Promise<unknown> }
  const { sb_detach: detach } = commands
  // as if the node were paused here for longer than the window
  commands.sb_detach = async (...args) => {
    await store.client.del(keys.waiting)
    return detach.apply(commands, args)
  }
  expect(await store.sessionStore.detach(ref, 1)).toBe('waiting')
  expect(await store.client.zscore(keys.waiting, `${ref.room}|${ref.id}`)).not.toBeNull()
})

test('a participant that waits without a recorded window gets one after its node has died', async () => {
  const { store, lease, keys, refs } = await survivor(1, { window: 60 })
  const [ref] = refs as [SessionRef]
  await store.sessionStore.detach(ref, 1)
  const windowEnd = await store.client.hget(keys.session(ref.room, ref.id), 'deadline')
  await store.client.del(keys.waiting)
  await store.nodes.heartbeat(node('A'))
  await lease.reap()
  expect(await store.client.zscore(keys.waiting, `${ref.room}|${ref.id}`)).toBe(windowEnd)
})
