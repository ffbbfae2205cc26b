import { setTimeout as pause } from 'node:timers/promises'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, onTestFailed, test } from 'vitest'
import { conditionsMet } from '../support/alert-conditions.ts'
import { type Fault, oneWayMs, type Topology } from '../support/faulty-redis.ts'
import { type Health, HealthLog } from '../support/health-log.ts'
import { Newcomers } from '../support/newcomers.ts'
import { OutageCluster } from '../support/outage-cluster.ts'
import { expectUnharmed, type NodeProcess, untilReady } from '../support/process.ts'
import { Traffic } from '../support/traffic.ts'
import { until } from '../support/until.ts'
import { Waits } from '../support/waits.ts'

const soak = process.env.SIGNALBOX_SOAK === '1'
const outagesMs = soak ? [20_000, 120_000] : [6000]
const window = 6
const messagesPerSecond = 40
/** A slow Redis answers each of the twelve clients about 1.6 times a second. At a higher rate the send queues would only grow. */
const messagesPerSecondSlow = 12
/** The longest that a request may wait for its ack. */
const answerMs = 5000
/** How long after sending a refused or unacked message may still be delivered: the limit, and the delay in both directions. */
const staleMs = (fault: Fault) => answerMs + 500 + 2 * (oneWayMs[fault] ?? 0)
/** From SIGTERM to exit: DRAIN_SECONDS, and the last requests of a node to Redis. */
const endMs = 10_000
/** From when Redis answers until every node is ready, and all clients are in the room. */
const recoveryMs = 10_000
/** How long a message may take to reach all clients, when all are in the room again. */
const deliveryMs = 1500

/** The signs of a fault that an operator sees. */
type Signs = { alerts: string[]; down: boolean }
const unreachable: Signs = { alerts: ['SignalboxRedisUnreachable', 'SignalboxRedisFailing'], down: true }
const signs: [Fault, Signs][] = [
  ['slow', { alerts: ['SignalboxRedisSlow'], down: false }],
  ['killed', unreachable],
  ['frozen', unreachable],
  ['too slow', unreachable],
  ['half-open feed', { alerts: ['SignalboxRedisFailing'], down: true }],
  ['half-open', unreachable],
]
const looksDown = ({ redisUp, ready, reason }: Health) => redisUp === 0 && ready === 503 && /redis/i.test(reason)
const looksUp = ({ redisUp, ready }: Health) => redisUp === 1 && ready === 200

/**
 * All servers of Redis fail in one way under traffic, and recover; in the soak after a longer outage. Each topology has its own
 * test file, because vitest runs files in parallel and the tests mostly wait.
 */
export function describeOutages(topology: Topology): void {
  describe(topology, () => {
    let cluster: OutageCluster
    beforeAll(async () => {
      cluster = await OutageCluster.start(topology, { RECONNECT_WINDOW: window, DRAIN_SECONDS: 1, LOG_LEVEL: 'error' })
    })
    afterEach(() => cluster.allReady())
    afterAll(() => cluster?.stop())

    test.each(outagesMs)(
      'nodes that start while Redis refuses connections for %i ms report the cause, exit on SIGTERM, and become ready when Redis accepts them',
      {
        timeout: 300_000,
      },
      async (outageMs) => {
        const recoverAt = performance.now() + outageMs
        await cluster.startWithoutRedis()
        const waits = new Waits()
        const log = new HealthLog(cluster.nodes, waits)
        onTestFailed(() => console.error(log.summary()))
        await until(async () => cluster.nodes.every((node) => log.since(node).some(looksDown)))
        const exit = await cluster.restart(0, 'SIGTERM')
        expect(exit.code).toBe(0)
        expect(exit.ms).toBeLessThan(endMs)
        await pause(Math.max(0, recoverAt - performance.now()))
        await cluster.recover()
        await within(recoveryMs, 'all nodes are ready', cluster.allReady())
        await log.stop()
        waits.verify(answerMs)
      },
    )

    describe.each(outagesMs)('during an outage of %i ms with the', (outageMs) => {
      beforeEach(() => cluster.allReady())

      test.each(signs)(
        'fault "%s": each request is answered in time, and no message is lost, duplicated or delivered late',
        {
          timeout: 150_000 + 2 * outageMs,
        },
        (fault, expected) => outage(cluster, fault, expected, outageMs),
      )
    })

    test('after the outages SIGTERM ends every node with code 0', async () => {
      const { nodes } = cluster
      for (const node of nodes) node.kill('SIGTERM')
      const exits = await within(endMs, 'all nodes end', Promise.all(nodes.map(({ exited }) => exited)))
      expect(exits).toEqual(nodes.map(() => ({ code: 0, signal: null })))
      for (const [index, node] of nodes.entries()) nodes[index] = await node.relaunch()
    })
  })
}

async function outage(cluster: OutageCluster, fault: Fault, expected: Signs, outageMs: number): Promise<void> {
  const { nodes, prometheus } = cluster
  const stay = nodes.slice(1)
  const waits = new Waits()
  const log = new HealthLog(stay, waits)
  const newcomers = new Newcomers(waits)
  onTestFailed(() => {
    const refused = `newcomers: ${JSON.stringify(newcomers.outcomes)}; the longest wait: ${waits.longest}`
    console.error([log.summary(), refused, ...nodes.map(mistakesOf)].join('\n'))
  })
  const traffic = await Traffic.start({
    nodes: nodes.map(({ url }) => ({ url })),
    clients: 12,
    window,
    waits,
    inFlight: ['one', 'any order', 'once'],
    resumeTimeoutMs: outageMs + 40_000,
  })
  const began = performance.now()
  const flow = traffic.flow(fault === 'slow' ? messagesPerSecondSlow : messagesPerSecond)
  await traffic.ledger.more(50)

  const failed = performance.now()
  await cluster.fail(fault)
  const logins = newcomers.loginEverywhere(stay)
  await pause(1000)
  const restart = cluster.restart(0, 'SIGTERM')
  await logins
  await newcomers.loginEverywhere(stay)
  await pause(Math.max(0, failed + outageMs - performance.now()))
  await cluster.recover()
  const recovered = performance.now()
  const alerts = await conditionsMet(prometheus, expected.alerts, Math.ceil((recovered - began) / 1000))
  const exit = await restart
  const recovery = Promise.all([
    ...stay.map((node) => until(async () => log.since(node, recovered).some(looksUp))),
    traffic.allInRoom(),
  ])
  await within(recoveryMs, 'all nodes are ready, and all clients are in the room', recovery)
  await flow.stop()
  await untilReady(nodes[0] as NodeProcess)

  await traffic.ledger.complete()
  const deliveries = new Waits()
  for (let round = 0; round < 3; round += 1) {
    const arrived = deliveries.begin(`round ${round}`)
    await traffic.sendRound()
    arrived()
  }
  await traffic.expectRoster()
  await log.stop()
  deliveries.verify(deliveryMs)
  waits.verify(answerMs)
  traffic.ledger.verify()
  const stale = staleOf(traffic, failed, staleMs(fault))
  expect.soft(stale.slice(0, 5), `${stale.length} refused messages were received later`).toEqual([])
  expect.soft(exit.code).toBe(0)
  expect.soft(exit.ms).toBeLessThan(endMs)
  for (const node of stay) {
    const during = log.since(node, failed)
    expect.soft(during.some(looksDown), 'the node reports that Redis is down').toBe(expected.down)
    const failures = (during.at(-1)?.redisFailures ?? 0) - (during[0]?.redisFailures ?? 0)
    if (expected.down) expect.soft(failures).toBeGreaterThan(0)
  }
  expect.soft(alerts).toEqual(expected.alerts)
  await expectUnharmed(nodes)
  await newcomers.expectAllLeft(stay[0] as NodeProcess)
}

/** Refused messages of the outage that were received later than the limit, each as a sentence. */
function staleOf({ ledger }: Traffic, failed: number, limitMs: number): string[] {
  return ledger.late.flatMap(({ name, sentAt, receivedAt, receiver, receiverResumedAt }) => {
    const ms = receivedAt - Math.max(sentAt, receiverResumedAt)
    return sentAt > failed + 200 && ms > limitMs ? [`${receiver} received ${name} after ${Math.round(ms)} ms`] : []
  })
}

/** The log lines about errors that are not those of an outage. */
const mistakesOf = ({ output }: NodeProcess) =>
  output()
    .split('\n')
    .filter((line) => line.includes('"internal"') || line.includes('"level":60'))
    .slice(0, 3)
    .join('\n')

async function within<T>(ms: number, what: string, promise: Promise<T>): Promise<T> {
  const timeout = pause(ms, undefined, { ref: false }).then((): never => {
    throw new Error(`Not within ${ms} ms: ${what}`)
  })
  return Promise.race([promise, timeout])
}
