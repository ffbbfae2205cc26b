import { expect, onTestFinished, test } from 'vitest'
import { type Client, connect } from '../support/client.ts'
import { type DialectDriver, dialectDrivers, enterBy, receivedBy } from '../support/dialect-drivers.ts'
import { ackOf } from '../support/dialects.ts'
import { newRoom, startCluster } from '../support/node.ts'
import { startProcesses, statusOf } from '../support/process.ts'
import { randomPrefix, redisUrl, until } from '../support/redis.ts'
import { Traffic } from '../support/traffic.ts'

const window = 4
const drainSeconds = 3

test('a node that gets SIGTERM moves its clients one by one while they send, and exits with code 0', {
  timeout: 90_000,
}, async () => {
  const env = { RECONNECT_WINDOW: window, DRAIN_SECONDS: drainSeconds }
  const nodes = await startProcesses(3, { redisUrl: redisUrl(), prefix: randomPrefix(), env })
  const [ending, ...others] = nodes
  if (!ending) throw new Error('No node')
  const traffic = await Traffic.start({ nodes, loginNodes: [ending, ending, ...others], clients: 16, window })
  const moving = traffic.on(ending)
  const within = new Map<string, number>()
  /** In the order in which they were closed, with how much had been acked by then. */
  const closings: { id: string; acks: number; reason: string }[] = []
  for (const client of moving) {
    client.onDraining = (withinMs) => within.set(client.id, withinMs)
    client.onLost = (reason) => closings.push({ id: client.id, acks: traffic.ledger.acks, reason })
  }
  const flow = traffic.flow(300)
  await traffic.ledger.more(50)

  ending.kill('SIGTERM')
  await until(async () => (await statusOf(`${ending.opsUrl}/readyz`)) === 503)
  expect(await statusOf(`${ending.opsUrl}/healthz`)).toBe(200)
  expect(await ending.exited).toEqual({ code: 0, signal: null })

  // `nodes` still lists it: who is told to go tries it again, is refused, and goes on to the next
  await traffic.allInRoom(ending)
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

/** On another node, as a client that cannot name what it saw. */
async function rejoin({ name, namespace }: DialectDriver, url: string, client: Client): Promise<Client> {
  const back = await connect(url, { namespace })
  if (name === 'p2p') await ackOf(back, 'authentication', { token: client.id })
  else await back.relogin(client.ticket)
  return back
}

test('a client that cannot name its seq receives nothing twice when its node drains under load', {
  timeout: 60_000,
}, async () => {
  const env = { RECONNECT_WINDOW: 20, DRAIN_SECONDS: 2 }
  const [going, staying] = await startCluster(2, { redis: true, env })
  if (!going || !staying) throw new Error('No nodes')
  const kinds = dialectDrivers.flatMap((driver) => ['websocket', 'polling'].map((transport) => ({ driver, transport })))
  let over = false
  onTestFinished(() => {
    over = true
  })
  const talks = await Promise.all(
    kinds.map(async ({ driver, transport }) => {
      const room = newRoom()
      const ann = await enterBy(driver, staying, room)
      const bob = await enterBy(driver, going, room, { transports: [transport] })
      return { title: `${driver.name} over ${transport}`, driver, room, ann, bob }
    }),
  )
  const talking = talks.map(async ({ driver, room, ann, bob }) => {
    for (let number = 1; ; number += 1) {
      await driver.send(ann, room, `${number}`, bob)
      if (over) return number
    }
  })
  await Promise.all(talks.map(({ driver, bob }) => bob.next(driver.event)))
  const drained = going.app.drain()
  const backs = await Promise.all(
    talks.map(async ({ driver, bob }) => {
      await bob.closed
      return rejoin(driver, staying.url, bob)
    }),
  )
  await drained
  over = true
  const counts = await Promise.all(talking)
  for (const [index, { title, driver, bob }] of talks.entries()) {
    const [last, back] = [counts[index] ?? 0, backs[index] as Client]
    const heard = () => [...receivedBy(driver, bob), ...receivedBy(driver, back)]
    while (!heard().includes(`${last}`)) await back.next(driver.event)
    expect([title, heard()]).toEqual([title, Array.from({ length: last }, (_, number) => `${number + 1}`)])
  }
})
