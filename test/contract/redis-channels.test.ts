import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { createAdapter } from '@socket.io/redis-adapter'
import { Emitter } from '@socket.io/redis-emitter'
import { Redis } from 'ioredis'
import { Server } from 'socket.io'
import { io } from 'socket.io-client'
import { expect, onTestFinished, test } from 'vitest'
import type { RoomId } from '../../src/core/model.ts'
import { AdapterLane } from '../../src/state/redis/adapter-lane.ts'
import type { RedisTarget } from '../../src/state/redis/connection.ts'
import { createRedisStore } from '../../src/state/redis/index.ts'
import { keysOf } from '../../src/state/redis/keys.ts'
import { noReport } from '../../src/state/redis/report.ts'
import { randomPrefix, startRedis } from '../support/redis.ts'
import { Bench, EntryRecorder, limits } from './bench.ts'

const unreadable = ['', '{', 'null', '7', '"text"', '[]', '{}', '{"seq":"1","event":"text"}', '{"seq":1}', '\ud800']

/** A store of a node; `skipped` has the channels of the messages that it reported as unreadable. */
async function start() {
  const redis = await startRedis()
  onTestFinished(() => redis.stop())
  const prefix = randomPrefix()
  const skipped: string[] = []
  const report = { ...noReport, unreadable: (channel: string) => void skipped.push(channel) }
  const target: RedisTarget = { urls: [redis.url], mode: 'standalone' }
  const store = createRedisStore(target, prefix, limits, undefined, report)
  onTestFinished(() => store.close())
  const other = new Redis(redis.url)
  onTestFinished(() => other.disconnect())
  return { store, keys: keysOf(prefix), other, skipped, report, target }
}

test('a message on a room’s channel that is not an entry is skipped and reported, and the node reads the log', async () => {
  const { store, keys, other, skipped } = await start()
  const bench = new Bench(store, store)
  const reset: RoomId[] = []
  store.pubSub.onResubscribed((rooms) => void reset.push(...rooms))
  const participant = await bench.join()
  const recorder = new EntryRecorder()
  await store.pubSub.subscribe(bench.room, recorder.onEntry)
  reset.length = 0
  for (const text of unreadable) await other.spublish(keys.feed(bench.room), text)
  await bench.append(participant)
  expect(await recorder.first(1)).toMatchObject([{ event: 'text' }])
  expect(skipped).toEqual(unreadable.map(() => keys.feed(bench.room)))
  expect(reset).toEqual(unreadable.map(() => bench.room))
})

test('a message on a handover channel that is not a question is skipped and reported, and the next question is answered', async () => {
  const { store, keys, other, skipped } = await start()
  const { ref } = await new Bench(store, store).join()
  await store.handover.serve('A', ({ id }) => ({ confirmed: id === ref.id ? 7 : 0, sent: 7 }))
  const similar = ['{"ask":"1","from":"B"}', '{"ask":"1","from":"B","place":{"id":1}}', '{"answer":"1","mark":7}']
  const messages = [...unreadable, ...similar]
  for (const text of messages) await other.spublish(keys.handover('A'), text)
  expect(await store.handover.ask(ref)).toEqual({ confirmed: 7, sent: 7 })
  expect(skipped).toEqual(messages.map(() => keys.handover('A')))
})

/** Requests between Socket.IO's adapters in valid JSON that the adapter cannot serve. */
const requests = [
  '{"type":0}',
  '{"type":0,"rooms":1}',
  '{"type":4,"opts":{"rooms":1}}',
  '{"type":5}',
  '{"type":6,"requestId":"1"}',
  '{"type":7,"opts":1}',
]

/** A namespace with the Redis adapter, a client of it, and a program that publishes arbitrary messages. */
async function startLane() {
  const { other, skipped, report, target } = await start()
  const lane = new AdapterLane(target, report)
  onTestFinished(() => lane.close())
  const key = randomPrefix()
  const http = createServer().listen(0, '127.0.0.1')
  const server = new Server(http, { adapter: createAdapter(lane.pub, lane.sub, { key }) })
  onTestFinished(() => server.close())
  server.of('/rooms')
  server.of('/p2p')
  await lane.sub.confirmed()
  const { port } = http.address() as AddressInfo
  const client = io(`http://127.0.0.1:${port}/rooms`, { transports: ['websocket'] })
  onTestFinished(() => void client.disconnect())
  await once(client as unknown as NodeJS.EventEmitter, 'connect')
  return { client, other, skipped, key }
}

test('messages that Socket.IO’s adapter cannot read are skipped and reported, and the next broadcast arrives', async () => {
  const { client, other, skipped, key } = await startLane()
  const channels = [`${key}#/rooms#`, `${key}-request#/rooms#`, `${key}-response#/rooms#`]
  for (const text of [
    ...unreadable,
    ...requests,
    Buffer.from([0xc0]),
    Buffer.from([0xc1]),
    Buffer.from([0x93, 0xc0, 0xc0, 0xc0]),
  ]) {
    for (const channel of channels) await other.publish(channel, text)
  }
  const received = once(client as unknown as NodeJS.EventEmitter, 'announcement')
  new Emitter(other, { key }).of('/rooms').emit('announcement', 'hello')
  expect(await received).toEqual(['hello'])
  expect(new Set(skipped)).toEqual(new Set(channels))
})

test('binary data of an emitter arrives as binary data', async () => {
  const { client, other, key } = await startLane()
  const received = once(client as unknown as NodeJS.EventEmitter, 'announcement')
  new Emitter(other, { key }).of('/rooms').emit('announcement', { deep: [Buffer.from([1, 255])] })
  expect(await received).toEqual([{ deep: [Buffer.from([1, 255])] }])
})
