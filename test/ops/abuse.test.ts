import { expect, test } from 'vitest'
import { crowd, flood, garbageLogins, largeFrames, slowReaders } from '../support/abuse.ts'
import { Bystanders } from '../support/bystanders.ts'
import { testSecret } from '../support/node.ts'
import { expectUnharmed, type NodeProcess, startProcess } from '../support/process.ts'
import { randomPrefix, redisUrl } from '../support/redis.ts'

/**
 * An attacker against one node, with the limits of a node that nobody set any for, but for those that are stated. Its
 * heap is small, so that a node that keeps what it should not does not live through this. Figures: `npm run bench:abuse`.
 */
const limits = {
  MESSAGES_PER_SECOND: 50,
  MESSAGE_BURST: 200,
  MAX_BUFFERED_BYTES_TOTAL: 64 * 1024 * 1024,
  LOG_LEVEL: 'info',
  NODE_OPTIONS: '--max-old-space-size=192',
}

async function start(env: { [option: string]: string | number } = {}): Promise<NodeProcess> {
  return startProcess({ redisUrl: redisUrl(), prefix: randomPrefix(), env: { ...limits, ...env } })
}

/** Refusals so far, by reason. */
async function refusals({ opsUrl }: NodeProcess): Promise<{ [reason: string]: number }> {
  const told = await (await fetch(`${opsUrl}/metrics`)).text()
  const counts = [...told.matchAll(/^signalbox_refused_total{reason="(\w+)"} (\d+)$/gm)]
  return Object.fromEntries(counts.map(([, reason = '', count]) => [reason, Number(count)]))
}

/** Runs an attack while two others talk, who must not notice; and the disk is not filled with lines either. */
async function during<T>(
  node: NodeProcess,
  attack: (target: { url: string; secret: string }) => Promise<T>,
): Promise<T> {
  const target = { url: node.url, secret: testSecret }
  const bystanders = await Bystanders.enter(target)
  const result = await attack(target)
  const { sent, acked, received } = await bystanders.take()
  expect(sent).toBeGreaterThan(0)
  expect(acked).toBe(sent)
  expect(received).toEqual(Array.from({ length: sent }, (_, n) => n))
  bystanders.leave()
  await expectUnharmed([node])
  return result
}

test('10 000 garbage logins', async () => {
  const node = await start()
  await during(node, (target) => garbageLogins(target, 10_000))
  const { bad_user_agent = 0, bad_token = 0, token_signature = 0, bad_ticket = 0, throttled = 0 } = await refusals(node)
  expect(bad_user_agent + bad_token + token_signature + bad_ticket).toBe(10_000)
  expect(throttled).toBeGreaterThan(1000)
  const lines = node
    .output()
    .split('\n')
    .filter((line) => line.includes('"request refused"'))
  expect(lines.length).toBeLessThanOrEqual(20 * 4 * 2)
}, 90_000)

test('a flood at a hundred times the rate', async () => {
  const node = await start()
  const told = await during(node, (target) => flood(target, { members: 2, rate: 5000, seconds: 2 }))
  expect(told.sent).toBe(20_000)
  expect(told.accepted + told.refused).toBe(told.sent)
  expect((await refusals(node)).too_many_requests).toBe(told.refused)
  expect(told.refused).toBeGreaterThan(15_000)
})

test('1 000 slow readers', async () => {
  const node = await start({ MAX_BUFFERED_BYTES: 1024 * 1024 })
  const most = async () => ((await refusals(node)).slow_reader ?? 0) >= 950
  await during(node, (target) => slowReaders(target, 1000, most))
}, 90_000)

test('5 000 connections of one address', async () => {
  const node = await start({ CONNECTIONS_PER_IP: 100 })
  const told = await during(node, (target) => crowd(target, 5000))
  expect(told).toEqual({ in: 100, out: { 400: 4900 } })
  expect((await refusals(node)).connections_per_ip).toBe(4900)
})

test('frames of a megabyte', async () => {
  const node = await start()
  expect(await during(node, (target) => largeFrames(target, 20, 10))).toBe(200)
  expect((await refusals(node)).too_large).toBe(200)
})
