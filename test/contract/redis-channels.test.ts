import { Redis } from 'ioredis'
import { expect, onTestFinished, test } from 'vitest'
import type { RoomId } from '../../src/core/model.ts'
import { createRedisState } from '../../src/state/redis/index.ts'
import { keysOf } from '../../src/state/redis/keys.ts'
import { noReport } from '../../src/state/redis/report.ts'
import { randomPrefix, startRedis } from '../support/redis.ts'
import { Bench, Ears, retention } from './bench.ts'

const unreadable = ['', '{', 'null', '7', '"text"', '[]', '{}', '{"seq":"1","event":"text"}', '{"seq":1}', '\ud800']

/** A node's state; `skipped` are the channels of the messages that it reported. */
async function start() {
  const redis = await startRedis()
  onTestFinished(() => redis.stop())
  const prefix = randomPrefix()
  const skipped: string[] = []
  const report = { ...noReport, unreadable: (channel: string) => void skipped.push(channel) }
  const state = createRedisState({ urls: [redis.url], mode: 'standalone' }, prefix, retention, undefined, report)
  onTestFinished(() => state.close())
  const other = new Redis(redis.url)
  onTestFinished(() => other.disconnect())
  return { state, keys: keysOf(prefix), other, skipped }
}

test('a message that is no entry is skipped and reported, and the room is read from its log', async () => {
  const { state, keys, other, skipped } = await start()
  const bench = new Bench(state, state)
  const reset: RoomId[] = []
  state.wire.onReset((rooms) => void reset.push(...rooms))
  const seated = await bench.join()
  const ears = new Ears()
  await state.wire.listen(bench.room, ears.hear)
  reset.length = 0
  for (const text of unreadable) await other.spublish(keys.feed(bench.room), text)
  await bench.say(seated)
  expect(await ears.count(1)).toMatchObject([{ event: 'text' }])
  expect(skipped).toEqual(unreadable.map(() => keys.feed(bench.room)))
  expect(reset).toEqual(unreadable.map(() => bench.room))
})

test('a message to a node that is no question is skipped and reported, and the next question is answered', async () => {
  const { state, keys, other, skipped } = await start()
  const { place } = await new Bench(state, state).join()
  await state.handover.serve('A', ({ id }) => ({ cursor: id === place.id ? 7 : 0, doubt: 7 }))
  const alike = ['{"ask":"1","from":"B"}', '{"ask":"1","from":"B","place":{"id":1}}', '{"answer":"1","mark":7}']
  const messages = [...unreadable, ...alike]
  for (const text of messages) await other.spublish(keys.handover('A'), text)
  expect(await state.handover.ask(place)).toEqual({ cursor: 7, doubt: 7 })
  expect(skipped).toEqual(messages.map(() => keys.handover('A')))
})
