import { expect, onTestFinished, test } from 'vitest'
import type { Client } from '../support/client.ts'
import { dialectDrivers, enterBy, receivedBy, resumeWithoutSeq } from '../support/dialect-drivers.ts'
import { newRoom, startCluster } from '../support/node.ts'
import { startProcesses, statusOf } from '../support/process.ts'
import { randomPrefix, redisUrl } from '../support/redis.ts'
import { Traffic } from '../support/traffic.ts'
import { until } from '../support/until.ts'

const window = 4
const drainSeconds = 6

test('a node that gets SIGTERM moves its clients one by one while they send, and exits with code 0', {
  timeout: 90_000,
}, async () => {
  const env = { RECONNECT_WINDOW: window, DRAIN_SECONDS: drainSeconds }
  const nodes = await startProcesses(3, { redisUrl: redisUrl(), prefix: randomPrefix(), env })
  const [ending, ...others] = nodes
  if (!ending) throw new Error('No node')
  const traffic = await Traffic.start({ nodes, loginNodes: [ending, ending, ...others], clients: 16, window })
  const moving = traffic.on(ending)
  const announced = new Map<string, number>()
  /** The closed connections in order, each with the number of acks up to then. */
  const closings: { id: string; acks: number; reason: string }[] = []
  for (const client of moving) {
    client.onDraining = (withinMs) => announced.set(client.id, withinMs)
    client.onLost = (reason) => closings.push({ id: client.id, acks: traffic.ledger.acks, reason })
  }
  const flow = traffic.flow(300)
  await traffic.ledger.more(50)

  ending.kill('SIGTERM')
  await until(async () => (await statusOf(`${ending.opsUrl}/readyz`)) === 503)
  expect(await statusOf(`${ending.opsUrl}/healthz`)).toBe(200)
  expect(await ending.exited).toEqual({ code: 0, signal: null })

  // `nodes` still has the draining node: a client that tries it again is refused, and tries the next one
  await traffic.allInRoom(ending)
  const spread = moving.map((_, index) => Math.round(((index + 1) / moving.length) * drainSeconds * 1000))
  expect([...announced.values()].toSorted((a, b) => a - b)).toEqual(spread)
  expect(closings.map(({ id }) => announced.get(id))).toEqual(spread)
  // after 'io server disconnect' client libraries do not reconnect
  expect(closings.map(({ reason }) => reason)).toEqual(spread.map(() => 'transport close'))
  const ackCounts = closings.slice(1).map(({ acks }, index) => acks - (closings[index]?.acks ?? 0))
  expect(Math.min(...ackCounts), 'messages acked between two closings').toBeGreaterThan(0)
  await flow.stop()
  await traffic.finish()
})

test('a client that resumes without its seq receives each message once when its node drains under load', {
  timeout: 60_000,
}, async () => {
  const env = { RECONNECT_WINDOW: 20, DRAIN_SECONDS: 2 }
  const [draining, staying] = await startCluster(2, { redis: true, env })
  if (!draining || !staying) throw new Error('No nodes')
  const kinds = dialectDrivers.flatMap((driver) => ['websocket', 'polling'].map((transport) => ({ driver, transport })))
  let stopped = false
  onTestFinished(() => {
    stopped = true
  })
  const pairs = await Promise.all(
    kinds.map(async ({ driver, transport }) => {
      const room = newRoom()
      const ann = await enterBy(driver, staying, room)
      const bob = await enterBy(driver, draining, room, { transports: [transport] })
      return { title: `${driver.name} over ${transport}`, driver, room, ann, bob }
    }),
  )
  const sending = pairs.map(async ({ driver, room, ann, bob }) => {
    for (let number = 1; ; number += 1) {
      await driver.send(ann, room, `${number}`, bob)
      if (stopped) return number
    }
  })
  await Promise.all(pairs.map(({ driver, bob }) => bob.next(driver.event)))
  const drained = draining.app.drain()
  const resumedClients = await Promise.all(
    pairs.map(async ({ driver, bob }) => {
      await bob.closed
      return resumeWithoutSeq(driver, staying, bob)
    }),
  )
  await drained
  stopped = true
  const counts = await Promise.all(sending)
  for (const [index, { title, driver, bob }] of pairs.entries()) {
    const [last, resumed] = [counts[index] ?? 0, resumedClients[index] as Client]
    const received = () => [...receivedBy(driver, bob), ...receivedBy(driver, resumed)]
    while (!received().includes(`${last}`)) await resumed.next(driver.event)
    expect([title, received()]).toEqual([title, Array.from({ length: last }, (_, number) => `${number + 1}`)])
  }
})
