import { expect, test } from 'vitest'
import { createMemoryState } from '../../src/state/memory/index.ts'
import { at, Bench, retention } from './bench.ts'
import { describeState } from './state.ts'

describeState('memory', async (retention) => {
  const state = createMemoryState(retention)
  return { state, close: () => state.close() }
})

/** A room that everybody left, which the reaper checks after its login tokens have expired. */
async function leftBehind(prepare: (bench: Bench) => Promise<void> = async () => {}): Promise<Bench> {
  let now = at
  const state = createMemoryState(retention, () => now)
  const bench = new Bench(state, state)
  await prepare(bench)
  const { id, request } = await bench.join()
  await state.sessionStore.leave(bench.room, id, 'any')
  now += request.token.seconds * 1000 - 1
  await state.reconnectWindows.expired(10)
  expect(await bench.headSeq()).toBe(2)
  now += 1
  await state.reconnectWindows.expired(10)
  return bench
}

test('an empty room is deleted after its tokens have expired', async () => {
  const bench = await leftBehind()
  expect(await bench.headSeq()).toBe(0)
  expect(await bench.log()).toEqual([])
})

test('a configured room is not deleted', async () => {
  const bench = await leftBehind(({ state, room }) => state.rooms.configure(room, { participantLimit: 3 }))
  expect(await bench.headSeq()).toBe(2)
  expect(await bench.state.rooms.options(bench.room)).toMatchObject({ participantLimit: 3 })
  await bench.state.rooms.remove(bench.room)
  expect(await bench.headSeq()).toBe(0)
})

test('an empty room with listeners is deleted after they have unsubscribed', async () => {
  const bench = await leftBehind(({ state, room }) => state.pubSub.subscribe(room, () => {}))
  expect(await bench.headSeq()).toBe(2)
  await bench.state.pubSub.unsubscribe(bench.room)
  expect(await bench.headSeq()).toBe(0)
})

test('a used login token is removed after it has expired', async () => {
  let now = at
  const state = createMemoryState(retention, () => now)
  const bench = new Bench(state, state)
  const { id, request, ref } = await bench.join()
  await state.sessionStore.confirmTicket(ref, request.token, request.ticketId)
  await state.sessionStore.leave(bench.room, id, 'any')
  now += request.token.seconds * 1000
  expect((await bench.join({ token: request.token })).id).not.toBe(id)
})
