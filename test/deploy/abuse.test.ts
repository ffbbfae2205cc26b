import { expect, test } from 'vitest'
import { type Attacker, refusalsIn, type Target } from '../support/abuse/attacker.ts'
import { crowd } from '../support/abuse/crowd.ts'
import { earlyRequests } from '../support/abuse/early-requests.ts'
import { flood } from '../support/abuse/flood.ts'
import { frames } from '../support/abuse/frames.ts'
import { garbageLogins } from '../support/abuse/garbage-logins.ts'
import { halfSentAttachments } from '../support/abuse/half-sent-attachments.ts'
import { hangingQueue } from '../support/abuse/hanging-queue.ts'
import { largeFrames } from '../support/abuse/large-frames.ts'
import { longNames } from '../support/abuse/names.ts'
import { payloads } from '../support/abuse/payloads.ts'
import { slowReaders } from '../support/abuse/slow-readers.ts'
import { Bystanders } from '../support/bystanders.ts'
import { testSecret } from '../support/node.ts'
import { expectUnharmed, type NodeProcess, startProcess, untilReady } from '../support/process.ts'
import { randomPrefix, startRedis } from '../support/redis.ts'

/**
 * One attacker against one node with default limits, except those that the test or the attacker changes. The heap is small, so
 * that a node that buffers too much for its clients dies. Figures: `npm run bench:abuse`.
 */
const limits = {
  MESSAGES_PER_SECOND: 50,
  MESSAGE_BURST: 200,
  MAX_BUFFERED_BYTES_TOTAL: 64 * 1024 * 1024,
  LOG_LEVEL: 'info',
  NODE_OPTIONS: '--max-old-space-size=192',
}

type Env = { [option: string]: string | number }
type Outcome<Result> = { result: Result; node: NodeProcess; refused: { [reason: string]: number } }

/** Runs the attack while two bystanders exchange messages. The node has to serve them, to count the refusals, and to survive. */
async function attack<Result>(attacker: Attacker<Result>, env: Env = {}): Promise<Outcome<Result>> {
  const redis = await startRedis()
  try {
    const settings = { ...limits, ...attacker.env, ...env }
    const node = await startProcess({ redisUrl: redis.url, prefix: randomPrefix(), env: settings })
    const refusals = async () => refusalsIn(await (await fetch(`${node.opsUrl}/metrics`)).text())
    const access = { url: node.url, secret: testSecret }
    const bystanders = await Bystanders.enter(access)
    const whileRedisHangs: Target['whileRedisHangs'] = async (act) => {
      await bystanders.stopSending()
      redis.pause()
      await act().finally(() => redis.resume())
      await untilReady(node)
      bystanders.startSending()
    }
    const result = await attacker.start({ ...access, refusals, whileRedisHangs })
    const { sent, acked, received } = await bystanders.takeObserved()
    expect(sent).toBeGreaterThan(0)
    expect(acked).toBe(sent)
    expect(received).toEqual(Array.from({ length: sent }, (_, n) => n))
    bystanders.leave()
    await expectUnharmed([node])
    const refused = await refusals()
    expect(Object.keys(refused)).toEqual(expect.arrayContaining(attacker.refusals))
    return { result, node, refused }
  } finally {
    await redis.stop()
  }
}

test('10 000 garbage logins are refused, and the log has a limited number of lines about them', async () => {
  const { node, refused } = await attack(garbageLogins({ times: 10_000 }))
  const { bad_user_agent = 0, bad_token = 0, token_signature = 0, bad_ticket = 0, throttled = 0 } = refused
  expect(bad_user_agent + bad_token + token_signature + bad_ticket).toBe(10_000)
  expect(throttled).toBeGreaterThan(1000)
  const lines = node
    .output()
    .split('\n')
    .filter((line) => line.includes('"request refused"'))
  expect(lines.length).toBeLessThanOrEqual(20 * 4 * 2)
}, 90_000)

test('a flood at a hundred times the rate is refused, one ack for each message', async () => {
  const { result, refused } = await attack(flood({ members: 2, rate: 5000, seconds: 2 }))
  expect(result.sent).toBe(20_000)
  expect(result.accepted + result.refused).toBe(result.sent)
  expect(refused.too_many_requests).toBe(result.refused)
  expect(result.refused).toBeGreaterThan(15_000)
})

test('1 000 slow readers are disconnected', async () => {
  await attack(slowReaders({ count: 1000 }), { MAX_BUFFERED_BYTES: 1024 * 1024 })
}, 90_000)

test('of 5 000 connections of one address the node accepts CONNECTIONS_PER_IP', async () => {
  const { result, refused } = await attack(crowd({ count: 5000, perIp: 100 }))
  expect(result).toEqual({ accepted: 100, refused: { 400: 4900 } })
  expect(refused.connections_per_ip).toBe(4900)
})

test('frames of a megabyte are refused', async () => {
  const { result, refused } = await attack(largeFrames({ members: 20, frames: 10 }))
  expect(result).toBe(200)
  expect(refused.too_large).toBe(200)
})

test.each([
  ['pings', false],
  ['empty pings', true],
  ['fragments', false],
  ['tiny events', true],
] as const)('WebSocket %s without end (read: %s) are read slower', async (kind, reads) => {
  await attack(frames({ kind, connections: 4, seconds: 2, reads }))
})

test('long-polling requests of hundreds of thousands of packets are refused', async () => {
  const { result } = await attack(payloads({ packets: 455_555, payloads: 16, atOnce: 8 }))
  expect(result).not.toHaveProperty('200')
})

test('connections that do not complete the attachments of an event are closed', async () => {
  const { result } = await attack(halfSentAttachments({ connections: 10 }))
  expect(result).toBe(10)
})

test('requests before a login are refused if they exceed the memory for their client, or for all clients', async () => {
  const { result, refused } = await attack(earlyRequests({ connections: 40, requests: 100, bytes: 60_000 }))
  const { illegal_request = 0, too_many_requests = 0 } = result
  expect(illegal_request + too_many_requests).toBe(4000)
  expect(too_many_requests).toBe((refused.client_memory ?? 0) + (refused.node_memory ?? 0))
  expect(refused.node_memory).toBeGreaterThan(0)
}, 60_000)

test('requests of participants within their rate are answered within 5 s while Redis hangs', async () => {
  const { result } = await attack(hangingQueue({ members: 8, rate: 50, bytes: 60_000, seconds: 6 }))
  expect(result.sent).toBe(2400)
}, 60_000)

test('invalid names that are as long as a message are refused', async () => {
  const { refused } = await attack(longNames({ clients: 2, names: 40, seconds: 1, length: 60_000 }))
  expect(refused.bad_name).toBe(80)
})
