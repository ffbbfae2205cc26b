import { expect, onTestFinished, test } from 'vitest'
import { nodeOf, type SessionRef } from '../../src/core/ports/session-store.ts'
import type { RedisClock } from '../../src/state/redis/clock.ts'
import { createRedisStore } from '../../src/state/redis/index.ts'
import { keysOf } from '../../src/state/redis/keys.ts'
import { randomPrefix, redisUrl } from '../support/redis.ts'
import { until } from '../support/until.ts'
import { Bench, type JoinedParticipant, limits } from './bench.ts'
import { backupOf } from './restore.ts'

function open() {
  const prefix = randomPrefix()
  const store = createRedisStore({ urls: [redisUrl()], mode: 'standalone' }, prefix, limits)
  onTestFinished(() => store.close())
  const bench = new Bench(store, store)
  const keys = keysOf(prefix)
  return {
    store,
    bench,
    keys,
    /** Removes the room, as its expiry does after the last participant has left. */
    expire: async (participant: JoinedParticipant) => {
      await store.sessionStore.leave(bench.room, participant.id, 'any')
      await store.client.unlink(keys.room(bench.room), keys.log(bench.room), keys.left(bench.room, participant.id))
      const now = Date.now()
      await until(async () => Date.now() > now + 5) // a real expiry takes seconds, in which the clock advances
    },
  }
}

const generationOf = ({ owner }: Pick<SessionRef, 'owner'>) => Number(owner.slice(nodeOf({ owner }).length + 1))

test('a node that was cut off until the room had expired does not restore its session over a newer one', async () => {
  const { store, bench, expire } = open()
  const before = await bench.join()
  const ref = { ...before.ref, owner: (await bench.resume(before)).owner }
  await expire(before)
  const now = await bench.join({ member: before.member })
  expect(generationOf(now.ref)).toBeGreaterThan(generationOf(ref))
  expect(await store.sessionUpkeep.restore(backupOf(before, { ref }))).toBe(false)
  expect(await store.sessionUpkeep.states([now.ref])).toEqual(['connected'])
})

test('a room that ends and is created again within a millisecond never repeats an owner', async () => {
  const { bench, store } = open()
  const owners: string[] = []
  for (let round = 0; round < 50; round += 1) {
    const participant = await bench.join()
    await store.sessionStore.leave(bench.room, participant.id, 'any')
    await store.rooms.removeOptions(bench.room)
    owners.push(participant.ref.owner)
  }
  expect(new Set(owners).size).toBe(owners.length)
  expect(owners.map((owner) => generationOf({ owner }))).toEqual(
    owners.map((owner) => generationOf({ owner })).toSorted((a, b) => a - b),
  )
})

test('a room that is created after Redis’ clock was set back begins above the latest time that its node has read', async () => {
  const { bench, store, keys } = open()
  const clock = store.clock as RedisClock
  const latest = Date.now() + 300_000
  clock.learn(keys.nodes, latest, performance.now())
  expect(generationOf((await bench.join()).ref)).toBeGreaterThanOrEqual(latest)
})

test('a room does not expire before the clock reaches the generations of its leap', async () => {
  const { bench, store, keys } = open()
  const participant = await bench.join()
  const ahead = Date.now() + 500_000
  await store.log.leapIfBehind(bench.room, ahead)
  const owner = generationOf(await bench.resume(participant))
  await store.sessionStore.leave(bench.room, participant.id, 'any')
  const expiry = Date.now() + (await store.client.pttl(keys.room(bench.room)))
  expect(expiry).toBeGreaterThan(owner + limits.log * 1000 - 5000)
  expect(await store.client.pttl(keys.log(bench.room))).toBeLessThanOrEqual(limits.log * 1000)
})

test('a room that an older version created continues its generations above the clock', async () => {
  const { bench, store, keys } = open()
  const participant = await bench.join()
  await store.client.hset(keys.room(bench.room), 'generation', 3)
  const before = Date.now()
  expect(generationOf(await bench.resume(participant))).toBeGreaterThan(before - 1000)
})

test('a restored room gives generations above those of the sessions that nodes restored', async () => {
  const { bench, store, expire } = open()
  const participant = await bench.join()
  await expire(participant)
  const owner = `A:${Date.now() + 100_000}`
  expect(await store.sessionUpkeep.restore(backupOf(participant, { ref: { ...participant.ref, owner } }))).toBe(true)
  expect(generationOf((await bench.join()).ref)).toBeGreaterThan(generationOf({ owner }))
})
