import { Redis } from 'ioredis'
import { expect, onTestFinished, test } from 'vitest'
import { FakedClock } from '../support/faked-clock.ts'
import { expectUnharmed, type NodeProcess, startProcess } from '../support/process.ts'
import { randomPrefix, startRedis } from '../support/redis.ts'
import { Traffic } from '../support/traffic.ts'
import { until } from '../support/until.ts'

const soak = process.env.SIGNALBOX_SOAK === '1'
/** The offsets of the clock, one after the other, s. */
const offsets = Array.from({ length: soak ? 10 : 1 }, () => [-60, 60, -300, 300, 0]).flat()
/** Messages between two steps: more than the log keeps before it is trimmed. */
const messages = soak ? 1000 : 150
const window = 8

async function startCluster(setWhat: 'a node' | 'Redis') {
  const clock = new FakedClock()
  const redis = await startRedis([], setWhat === 'Redis' ? clock.redisEnv : {})
  onTestFinished(() => redis.stop())
  const env = { RECONNECT_WINDOW: window, TICKET_TTL: 60, LOG_LEVEL: 'fatal' }
  const options = { redisUrl: redis.url, prefix: randomPrefix() }
  const start = (more = {}) => startProcess({ ...options, env: { ...env, ...more } })
  const nodes = await Promise.all([start(setWhat === 'a node' ? clock.env : {}), start(), start()])
  const now = setWhat === 'Redis' ? () => timeOf(redis.url) : () => dateOf(nodes[0])
  /** Resolves when the process reports that time. */
  const set = async (offset: number) => {
    clock.set(offset)
    await until(async () => Math.abs((await now()) - Date.now() - offset * 1000) < 3000)
  }
  return { set, nodes }
}

/** The time in the header `date` of a node's answers, ms. */
async function dateOf(node: NodeProcess | undefined): Promise<number> {
  const { headers } = await fetch(`${node?.opsUrl}/healthz`)
  return Date.parse(headers.get('date') ?? '')
}

async function timeOf(url: string): Promise<number> {
  const client = new Redis(url)
  const [seconds] = await client.time()
  client.disconnect()
  return Number(seconds) * 1000
}

/** Clients send, lose their connections and resume on any node while the clock steps. Then a node is killed. */
async function sendWhileItSteps(set: (offset: number) => Promise<void>, nodes: NodeProcess[]): Promise<void> {
  const others = [...nodes]
  const traffic = await Traffic.start({ nodes: others, clients: 9, window, inFlight: ['many', 'one', 'any order'] })
  const flow = traffic.flow(100)
  await traffic.ledger.more(messages)
  const lost: string[] = []
  // the test does not cut these connections
  for (const client of traffic.clients.slice(6)) client.onLost = (reason) => lost.push(reason)
  for (const offset of offsets) {
    for (const client of traffic.clients.slice(0, 3)) client.cut()
    await set(offset)
    for (const client of traffic.clients.slice(3, 6)) client.cut()
    await traffic.ledger.more(messages)
    await traffic.allInRoom()
  }
  expect(lost, 'connections that were closed').toEqual([])
  const [first] = others.splice(0, 1)
  first?.kill('SIGKILL')
  await traffic.allInRoom(first)
  await traffic.ledger.more(messages)
  await flow.stop()
  expect(traffic.ledger.unavailable).toBe(0)
  await expectUnharmed(others)
  await traffic.finish()
}

test('a node whose wall clock is set by minutes loses and duplicates no message, and closes no connection', {
  timeout: soak ? 600_000 : 90_000,
}, async () => {
  const { set, nodes } = await startCluster('a node')
  await sendWhileItSteps(set, nodes)
})

test('a Redis whose clock is set by minutes loses no participant, log or message', {
  timeout: soak ? 600_000 : 90_000,
}, async () => {
  const { set, nodes } = await startCluster('Redis')
  await sendWhileItSteps(set, nodes)
})
