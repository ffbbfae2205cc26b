import { expect, test } from 'vitest'
import { createMemoryStore } from '../../src/state/memory/index.ts'
import { at, Bench, limits } from './bench.ts'
import { describeStore } from './store.ts'

describeStore('memory', async (limits) => {
  const store = createMemoryStore(limits)
  return { store, close: () => store.close() }
})

/** A room that all participants left, which the reaper checks after its login tokens have expired. */
async function leftBehind(prepare: (bench: Bench) => Promise<void> = async () => {}): Promise<Bench> {
  let now = at
  const store = createMemoryStore(limits, () => now)
  const bench = new Bench(store, store)
  await prepare(bench)
  const { id, request } = await bench.join()
  await store.sessionStore.leave(bench.room, id, 'any')
  now += request.token.seconds * 1000 - 1
  await store.reconnectWindows.expired(10)
  expect(await bench.headSeq()).toBe(2)
  now += 1
  await store.reconnectWindows.expired(10)
  return bench
}

test('an empty room is deleted after its tokens have expired', async () => {
  const bench = await leftBehind()
  expect(await bench.headSeq()).toBe(0)
  expect(await bench.log()).toEqual([])
})

test('a configured room is not deleted', async () => {
  const bench = await leftBehind(({ store, room }) => store.rooms.configure(room, { participantLimit: 3 }))
  expect(await bench.headSeq()).toBe(2)
  expect(await bench.store.rooms.options(bench.room)).toMatchObject({ participantLimit: 3 })
  await bench.store.rooms.removeOptions(bench.room)
  expect(await bench.headSeq()).toBe(0)
})

test('an empty room with listeners is deleted after they have unsubscribed', async () => {
  const bench = await leftBehind(({ store, room }) => store.pubSub.subscribe(room, () => {}))
  expect(await bench.headSeq()).toBe(2)
  await bench.store.pubSub.unsubscribe(bench.room)
  expect(await bench.headSeq()).toBe(0)
})

test('a used login token is removed after it has expired', async () => {
  let now = at
  const store = createMemoryStore(limits, () => now)
  const bench = new Bench(store, store)
  const { id, request, ref } = await bench.join()
  await store.sessionStore.confirmTicket(ref, request.token, request.ticketId)
  await store.sessionStore.leave(bench.room, id, 'any')
  now += request.token.seconds * 1000
  expect((await bench.join({ token: request.token })).id).not.toBe(id)
})
