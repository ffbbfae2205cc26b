import { expect, onTestFinished, test } from 'vitest'
import { Feeds } from '../../src/core/feeds.ts'
import type { Keyring } from '../../src/core/keyring.ts'
import { Lease, type LeaseEvents } from '../../src/core/lease.ts'
import { Sessions } from '../../src/core/sessions.ts'
import { createRedisState } from '../../src/state/redis/index.ts'
import { randomPrefix, redisUrl } from '../support/redis.ts'
import { Bench, retention, type Seated } from './bench.ts'

const node = (id: string) => ({ id, url: 'http://127.0.0.1:8080', version: '1.0.0', connections: 3 })

/** The duties of a node B, and rooms with one member each that a node A held, whose lease is over at once. */
async function survivor(rooms: number, seconds: { window: number }, events: LeaseEvents = {}) {
  const state = createRedisState({ urls: [redisUrl()], mode: 'standalone' }, randomPrefix(), {
    ...retention,
    ...seconds,
    lease: 0,
  })
  onTestFinished(() => state.close())
  const benches = Array.from({ length: rooms }, () => new Bench(state, state))
  await state.nodes.hold(
    'A',
    benches.map(({ room }) => room),
  )
  const seats: Seated[] = await Promise.all(benches.map((bench) => bench.join({ node: 'A' })))
  const feeds = new Feeds(state, 'B', () => Promise.resolve(), {})
  const keys: Keyring = ['a key of at least thirty-two characters']
  const config = { node: 'B', keys, tokenTtl: 180, ticketTtl: 600, window: 60, maxRooms: 0, maxParticipants: 0 }
  const lease = new Lease(state, feeds, new Sessions(state, feeds, config, {}), () => node('B'), events)
  return { state, lease, seats, places: seats.map(({ place }) => place) }
}

test('everyone of a dead node is in the window after one round, however many they are', async () => {
  const { state, lease, places } = await survivor(350, { window: 60 })
  await state.nodes.beat(node('A'))
  await lease.reap()
  expect(new Set(await state.places.held(places))).toEqual(new Set(['waiting']))
  expect(await state.nodes.dead()).toEqual([])
})

test('everyone whose window is over is out after one round, however many they are', async () => {
  const left: string[] = []
  const { state, lease, places } = await survivor(
    350,
    { window: 0 },
    { left: (reason, { id }) => left.push(`${reason} ${id}`) },
  )
  await Promise.all(places.map((place) => state.places.detach(place, 1)))
  await lease.reap()
  expect(left.toSorted()).toEqual(places.map(({ id }) => `window ${id}`).toSorted())
  expect(await state.nodes.due(10)).toEqual([])
})

test('a node that comes back is not cleared up to the end', async () => {
  const { state, lease, places } = await survivor(350, { window: 60 })
  await state.nodes.beat(node('A'))
  const { orphan } = state.nodes
  // it is heard of again while the first batch is seen to
  state.nodes.orphan = async (...asked) => {
    const done = await orphan.apply(state.nodes, asked)
    await state.nodes.remove('A')
    return done
  }
  await lease.reap()
  expect(new Set(await state.places.held(places))).toEqual(new Set(['waiting', 'connected']))
})
