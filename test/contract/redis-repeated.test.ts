import { Redis } from 'ioredis'
import { expect, onTestFinished, test } from 'vitest'
import { newId } from '../../src/core/ids.ts'
import { defaultRoomOptions } from '../../src/core/model.ts'
import { createRedisState } from '../../src/state/redis/index.ts'
import { keysOf } from '../../src/state/redis/keys.ts'
import { FaultProxy } from '../support/fault-proxy.ts'
import { randomPrefix, startRedis } from '../support/redis.ts'
import { Bench, retention, text } from './bench.ts'
import { camera, streamNews } from './samples.ts'

/** A state behind a proxy, and one that looks on. */
async function start() {
  const redis = await startRedis()
  onTestFinished(() => redis.stop())
  const proxy = await FaultProxy.start()
  proxy.target = redis.port
  const prefix = randomPrefix()
  const stateAt = (url: string) => {
    const state = createRedisState({ urls: [url], mode: 'standalone' }, prefix, retention)
    onTestFinished(() => state.close())
    return state
  }
  const behind = stateAt(`redis://127.0.0.1:${proxy.port}`)
  await behind.ping()
  return { proxy, prefix, behind, beside: stateAt(redis.url), url: redis.url }
}

const option = (name: string) => ({ ...defaultRoomOptions, name })

test('a write whose answer was lost is executed once, and the second copy gets the answer of the first', async () => {
  const { proxy, prefix, behind, beside, url } = await start()
  const rooms = () => new Bench(beside, beside)
  const seat = async () => {
    const bench = rooms()
    return { bench, seated: await bench.join() }
  }
  const [said, permitted, published, watched, dropped, appended] = [
    await seat(),
    await seat(),
    await seat(),
    await seat(),
    await seat(),
    await seat(),
  ]
  const streams = [camera(published.seated.id), camera(watched.seated.id)] as const
  await beside.media.addStream(published.seated.write(), streams[0], [])
  await beside.media.addStream(watched.seated.write(), streams[1], [])
  const [made] = [rooms()]
  const member = await beside.oversight.member(permitted.bench.room, permitted.seated.id)
  if (!member) throw new Error('no member')
  const lost = { ...member, changes: 1 }
  await beside.lobby.count(said.bench.room)
  await said.bench.join()
  const admin = new Redis(url)
  onTestFinished(() => admin.disconnect())
  await admin.zadd(keysOf(prefix).nodes, 1, 'A') // its lease ran out long ago
  const seqs = new Map<Bench, number>()
  for (const { bench } of [said, permitted, published, watched, dropped, appended]) {
    seqs.set(bench, (await beside.log.positions([bench.room]))[0] ?? 0)
  }

  proxy.loseAnswers()
  const answers = await Promise.all([
    behind.rooms.replace(made.room, undefined, option('new')),
    behind.log.announce(said.bench.room, text()),
    behind.oversight.changeMember(permitted.bench.room, member, lost, text()),
    behind.oversight.removeStream(published.bench.room, streams[0].id, [streamNews(streams[0], 'remove')]),
    behind.oversight.changeStream(watched.bench.room, streams[1], { ...streams[1], attributes: { a: 1 } }, [text()]),
    behind.places.leave(dropped.bench.room, dropped.seated.id, 'any', text()),
    behind.log.append(appended.seated.write(), text()),
    behind.oversight.firstUse(newId(), 60),
    behind.lobby.count(said.bench.room),
    behind.lobby.turn('rooms', 30_000),
    behind.nodes.beat({ id: 'A', url: '', version: '', connections: 0 }),
  ])

  const seqOf = ({ bench }: { bench: Bench }) => seqs.get(bench) ?? 0
  expect(answers).toEqual([
    true,
    seqOf(said) + 1,
    true,
    true,
    true,
    true,
    seqOf(appended) + 1,
    { first: true, since: 0 },
    true,
    true,
    false,
  ])
  const added = async ({ bench }: { bench: Bench }) =>
    ((await beside.log.positions([bench.room]))[0] ?? 0) - (seqs.get(bench) ?? 0)
  expect(await Promise.all([said, permitted, published, watched, dropped, appended].map(added))).toEqual([
    1, 1, 1, 1, 2, 1,
  ])
}, 20_000)
