import { setTimeout as pause } from 'node:timers/promises'
import { expect, onTestFailed, onTestFinished, test } from 'vitest'
import { FakedClock } from '../support/faked-clock.ts'
import { topologies } from '../support/faulty-redis.ts'
import { OutageCluster } from '../support/outage-cluster.ts'
import { expectUnharmed } from '../support/process.ts'
import { Random } from '../support/random.ts'
import { abuse } from '../support/soak/abuse.ts'
import { clientCuts } from '../support/soak/client-cuts.ts'
import { clockSteps, redisClockSteps } from '../support/soak/clock-steps.ts'
import type { Disturbance, Stage } from '../support/soak/disturbance.ts'
import { nodeFaults } from '../support/soak/node-faults.ts'
import { redisFaults } from '../support/soak/redis-faults.ts'
import { reloginRaces } from '../support/soak/relogin-races.ts'
import { roomChanges } from '../support/soak/room-changes.ts'
import { Traffic } from '../support/traffic.ts'

const soak = process.env.SIGNALBOX_SOAK === '1'
const seconds = Number(process.env.SIGNALBOX_SOAK_SECONDS ?? (soak ? 1800 : 8))
const window = soak ? 20 : 8
const suffixes = ['', ' \ud83d', ' 😀', '\udc00\ud800', ' \u0000', ' \u2028']

/** Lanes run at the same time, and the disturbances of a lane one after the other: so nodes and Redis fail one at a time. */
const lanes: Disturbance[][] = [
  [...nodeFaults, ...redisFaults, ...redisClockSteps],
  clientCuts,
  [roomChanges],
  [reloginRaces],
  abuse,
  clockSteps,
]

test(`random faults of every kind for ${seconds} s: no message is lost, duplicated or out of order, and no stale session stays`, {
  timeout: 240_000 + seconds * 1000,
}, async () => {
  const random = new Random()
  const topology = random.pick(topologies)
  console.log(`Redis: ${topology}, SIGNALBOX_SEED=${random.seed}`)
  // servers of a Redis Cluster report each other as failed when their clocks step
  const redisClock = topology === 'cluster' ? undefined : new FakedClock()
  const options = { RECONNECT_WINDOW: window, DRAIN_SECONDS: 1, TICKET_TTL: 3600, LOG_LEVEL: 'error' }
  const cluster = await OutageCluster.start(topology, options, { redisEnv: redisClock?.redisEnv, hasLinks: true })
  onTestFinished(() => cluster.stop())
  await cluster.allReady()
  const nodes = cluster.nodes.map(({ url }) => ({ url }))
  const traffic = await Traffic.start({
    nodes,
    clients: 12,
    window,
    random,
    inFlight: ['one', 'any order', 'once'],
    resumeTimeoutMs: 60_000,
    suffixes,
  })
  const stage: Stage = { cluster, redisClock, nodes, traffic, random, maxOutageMs: (window * 1000) / 3, mistakes: [] }
  const counts: { [name: string]: number } = {}
  onTestFailed(() => console.error(JSON.stringify(counts)))
  const flow = traffic.flow(60)
  const end = performance.now() + seconds * 1000
  await Promise.all(lanes.map((lane) => run(lane, stage, end, counts)))
  await flow.stop()
  await traffic.allInRoom()
  await expectUnharmed(cluster.nodes)
  await traffic.finish()
  expect(stage.mistakes).toEqual([])
  console.log(`${JSON.stringify(counts)}\n${traffic.ledger.summary()}, resumes ${traffic.ledger.resumes}`)
})

async function run(lane: Disturbance[], stage: Stage, end: number, counts: { [name: string]: number }): Promise<void> {
  const { random } = stage
  while (performance.now() < end) {
    const disturbance = random.pick(lane)
    counts[disturbance.name] = (counts[disturbance.name] ?? 0) + 1
    await disturbance.run(stage)
    await pause(random.next() * 500)
  }
}
