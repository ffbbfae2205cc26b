import { expect, onTestFinished, test } from 'vitest'
import { createRedisStore } from '../../src/state/redis/index.ts'
import { FakedClock } from '../support/faked-clock.ts'
import { randomPrefix, startRedis } from '../support/redis.ts'
import { Bench, limits, refuses, text } from './bench.ts'

/** A store of a node on a Redis whose clock the test sets. */
async function open(changes: Partial<typeof limits> = {}) {
  const clock = new FakedClock()
  const server = await startRedis([], clock.redisEnv)
  onTestFinished(() => server.stop())
  const store = createRedisStore({ urls: [server.url], mode: 'standalone' }, randomPrefix(), {
    ...limits,
    ...changes,
  })
  onTestFinished(() => store.close())
  return { clock, server, store, bench: new Bench(store, store) }
}

const node = { id: 'A', url: 'http://127.0.0.1:1', version: '1.0.0', connections: 0 }

test('a step of Redis’ clock does not end a window', async () => {
  const { clock, store, bench } = await open({ window: 60 })
  const { ref } = await bench.join()
  await store.sessionStore.detach(ref, 1)
  expect(await store.reconnectWindows.expired(10)).toEqual([])
  for (const seconds of [300, 0, -300, 60]) {
    clock.set(seconds)
    expect(await store.reconnectWindows.expired(10)).toEqual([])
  }
})

test('a node notices a step of Redis’ clock before it reads the expired leases', async () => {
  const { clock, store } = await open()
  await store.nodes.heartbeat(node)
  clock.set(300)
  const before = performance.now()
  expect(await store.nodes.expired()).toEqual(['A'])
  expect(store.clock.steppedAt).toBeGreaterThan(before)
})

test('the lease of a node that died before Redis’ clock was set back expires', async () => {
  const { clock, store } = await open({ lease: 0 })
  await store.nodes.heartbeat(node)
  clock.set(-300)
  await expect.poll(() => store.nodes.expired()).toEqual(['A'])
})

test.each([-300, 300])('a step of Redis’ clock by %i s does not trim a log', async (seconds) => {
  const { clock, bench } = await open()
  const participant = await bench.join()
  for (let n = 0; n < 130; n += 1) await bench.append(participant)
  clock.set(seconds)
  for (let n = 0; n < 130; n += 1) await bench.append(participant)
  expect(await bench.log()).toHaveLength(261)
})

test('nodes continue to broadcast the list of rooms after Redis’ clock was set back', async () => {
  const { clock, store } = await open()
  await store.nodes.heartbeat(node)
  expect(await store.roomSizes.claimBroadcast('rooms', 500)).toBe(true)
  clock.set(-300)
  await store.nodes.heartbeat(node)
  expect(await store.roomSizes.claimBroadcast('rooms', 500)).toBe(true)
})

test('a relogin becomes the owner after Redis’ clock was set back', async () => {
  const { clock, bench } = await open()
  const participant = await bench.join()
  await bench.resume(participant, { deadline: performance.now() + 4500 })
  clock.set(-300)
  expect(await bench.resume(participant, { deadline: performance.now() + 4500 })).toMatchObject({ complete: true })
})

test.each([-300, 300])('a request is served at once after Redis’ clock was set by %i s', async (seconds) => {
  const { clock, store, bench } = await open()
  const participant = await bench.join()
  clock.set(seconds)
  expect(await store.log.append(participant.write({ deadline: performance.now() + 4500 }), text())).toBe(2)
})

test('a request that Redis receives after its deadline changes nothing, even if Redis’ clock was set back in between', async () => {
  const { clock, server, store, bench } = await open()
  const participant = await bench.join()
  await bench.append(participant)
  server.pause()
  const deadline = performance.now() + 200
  const given = refuses(store.log.append(participant.write({ deadline }), text({ data: 'late' })), 'unavailable')
  clock.set(-300)
  await expect.poll(() => performance.now()).toBeGreaterThan(deadline)
  server.resume()
  await given
  expect(await bench.log()).toHaveLength(2)
})
