import { expect, onTestFinished, test } from 'vitest'
import { defaultDutyIntervals } from '../../src/core/cluster/node-duties.ts'
import { connect, enter } from '../support/client.ts'
import { newRoom, startCluster } from '../support/node.ts'
import { expectUnharmed, startProcesses, statusOf } from '../support/process.ts'
import { randomPrefix, startRedis } from '../support/redis.ts'
import { Traffic } from '../support/traffic.ts'
import { until } from '../support/until.ts'

const window = 5

async function start() {
  const redis = await startRedis()
  onTestFinished(() => redis.stop())
  const env = { RECONNECT_WINDOW: window, LOG_LEVEL: 'fatal' }
  const nodes = await startProcesses(3, { redisUrl: redis.url, prefix: randomPrefix(), env })
  return { redis, nodes }
}

/** Two clients on two nodes without a reconnect window, so that a node that is declared dead would make its participants leave. */
async function startWithoutWindow(url: string) {
  const room = newRoom()
  const nodes = await startCluster(2, {
    redis: { url },
    env: { RECONNECT_WINDOW: 0 },
    parts: { intervals: defaultDutyIntervals },
  })
  return Promise.all(nodes.map((node) => enter(node.url, { room })))
}

test('when Redis hangs for two seconds requests wait, and clients notice nothing else', {
  timeout: 60_000,
}, async () => {
  const { redis, nodes } = await start()
  const traffic = await Traffic.start({ nodes, clients: 9, window })
  const flow = traffic.flow()
  await traffic.ledger.more(50)
  const waitingClient = await connect(nodes[0]?.url ?? '')
  await waitingClient.login({ room: newRoom() })
  redis.pause()
  const acked = waitingClient.socket.timeout(2000).emitWithAck('text', { to: 'all', message: 'hello' })
  await expect(acked).rejects.toThrow('timed out')
  redis.resume()
  await traffic.ledger.more(50)
  await flow.stop()
  expect(traffic.ledger.unavailable).toBe(0)
  await expectUnharmed(nodes)
  await traffic.finish()
})

test('when Redis hangs until the leases expire, refused requests are repeated and executed once', {
  timeout: 90_000,
}, async () => {
  const { redis, nodes } = await start()
  const volatile = await startWithoutWindow(redis.url)
  const traffic = await Traffic.start({ nodes, clients: 12, window, inFlight: ['one', 'any order'] })
  const [first, second] = nodes
  const lostClient = await enter(first?.url ?? '', { room: traffic.room })
  const retry = await connect(second?.url ?? '')
  const flow = traffic.flow(50)
  await traffic.ledger.more(20)

  redis.pause()
  // four clients lose their connections and try one node after the other; one client gives up after a refusal
  for (const client of traffic.clients.slice(0, 4)) client.cut()
  lostClient.cut()
  const relogin = await retry.request('relogin', { ticket: lostClient.ticket, seq: lostClient.seq })
  expect(relogin).toMatchObject({ status: 'error', code: 'unavailable' })
  const refused = () => traffic.clients.some(({ refusals }) => refusals >= 1)
  await traffic.ledger.until('a request was refused', refused)
  expect(await statusOf(`${first?.opsUrl}/readyz`)).toBe(503)
  await until(async () => (await statusOf(`${first?.url}/socket.io/?EIO=4&transport=polling`)) === 503)
  redis.resume()

  await traffic.allInRoom()
  await traffic.ledger.more(50)
  // Redis may execute its relogin later; that must not keep its participant in the room
  const observers = traffic.present
  await Promise.all(observers.map((observer) => traffic.untilSeenLeaving([lostClient], observer)))
  await flow.stop()
  await expectUnharmed(nodes)
  await traffic.finish()
  for (const client of volatile) {
    const changes = [...client.seen, ...(await client.barrier())].filter(({ event }) => event === 'participant')
    expect(changes.filter(({ data }) => JSON.stringify(data).includes('leave'))).toEqual([])
    expect(client.socket.connected).toBe(true)
  }
})
