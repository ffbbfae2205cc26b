import { expect, test } from 'vitest'
import { startProcesses, statusOf } from '../support/process.ts'
import { randomPrefix, redisUrl, until } from '../support/redis.ts'
import { Traffic } from '../support/traffic.ts'

const window = 4
const drainSeconds = 3

test('a node that is asked to end moves its clients one by one while they talk, and ends well', {
  timeout: 90_000,
}, async () => {
  const env = { RECONNECT_WINDOW: window, DRAIN_SECONDS: drainSeconds }
  const nodes = await startProcesses(3, { redisUrl: redisUrl(), prefix: randomPrefix(), env })
  const [ending, ...others] = nodes
  if (!ending) throw new Error('No node')
  const traffic = await Traffic.start({ nodes, begin: [ending, ending, ...others], clients: 16, window })
  const moving = traffic.on(ending)
  const within = new Map<string, number>()
  /** In the order in which they were closed, with how much had been acked by then. */
  const closings: { id: string; acks: number; reason: string }[] = []
  for (const roamer of moving) {
    roamer.onDraining = (withinMs) => within.set(roamer.id, withinMs)
    roamer.onLost = (reason) => closings.push({ id: roamer.id, acks: traffic.ledger.acks, reason })
  }
  const flow = traffic.flow(300)
  await traffic.ledger.more(50)

  ending.kill('SIGTERM')
  await until(async () => (await statusOf(`${ending.opsUrl}/readyz`)) === 503)
  expect(await statusOf(`${ending.opsUrl}/healthz`)).toBe(200)
  expect(await ending.exited).toEqual({ code: 0, signal: null })

  // `nodes` still lists it: who is told to go tries it again, is refused, and goes on to the next
  await traffic.everyoneHome(ending)
  const spread = moving.map((_, index) => Math.round(((index + 1) / moving.length) * drainSeconds * 1000))
  expect([...within.values()].toSorted((a, b) => a - b)).toEqual(spread)
  expect(closings.map(({ id }) => within.get(id))).toEqual(spread)
  // after a bare disconnect client libraries would stay away
  expect(closings.map(({ reason }) => reason)).toEqual(spread.map(() => 'transport close'))
  const pairs = closings.slice(1).map(({ acks }, index) => acks - (closings[index]?.acks ?? 0))
  expect(Math.min(...pairs), 'messages acked between two closings').toBeGreaterThan(0)
  await flow.stop()
  await traffic.finish()
})
