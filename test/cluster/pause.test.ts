import { Redis } from 'ioredis'
import { expect, onTestFinished, test } from 'vitest'
import { keysOf } from '../../src/state/redis/keys.ts'
import { expectUnharmed, startProcesses } from '../support/process.ts'
import { randomPrefix, redisUrl } from '../support/redis.ts'
import { Traffic } from '../support/traffic.ts'
import { until } from '../support/until.ts'

async function start(window: number) {
  const prefix = randomPrefix()
  const nodes = await startProcesses(3, { redisUrl: redisUrl(), prefix, env: { RECONNECT_WINDOW: window } })
  const [paused, ...awake] = nodes
  if (!paused) throw new Error('No node')
  const redis = new Redis(redisUrl())
  onTestFinished(() => redis.disconnect())
  const keys = keysOf(prefix)
  return {
    nodes,
    paused,
    awake,
    /** Resolves when the other nodes have declared the node dead and begun the windows of its participants. */
    declaredDead: () => until(async () => (await redis.zcard(keys.nodes)) === 2),
    /** Resolves when no participant is in a window any more. */
    windowsOver: () => until(async () => (await redis.zcard(keys.waiting)) === 0),
  }
}

test('a node that hung for longer than its lease continues to serve only the clients that stayed', {
  timeout: 90_000,
}, async () => {
  const window = 5
  const { nodes, paused, awake, declaredDead, windowsOver } = await start(window)
  const traffic = await Traffic.start({ nodes, loginNodes: [paused, paused, ...awake], clients: 16, window })
  const [movers, stayers] = [traffic.on(paused).slice(0, 4), traffic.on(paused).slice(4)]
  const flow = traffic.flow()
  await traffic.ledger.more(50)

  paused.kill('SIGSTOP')
  nodes.splice(nodes.indexOf(paused), 1)
  const oldSockets = movers.map((client) => client.move())
  // the node reads these requests on the old connections when it runs again
  for (const socket of oldSockets) {
    socket.emit('text', { to: 'all', message: '1000001' }, { rid: 1_000_001 })
    socket.emit('text', { to: 'all', message: '1000002' })
    socket.emit('logout')
  }
  const closed = oldSockets.map((socket) => new Promise((resolve) => socket.once('disconnect', resolve)))
  await declaredDead()
  await traffic.expectRoster()
  paused.kill('SIGCONT')

  await Promise.all(closed)
  await windowsOver()
  await flow.stop()
  await traffic.sendRound()
  expect(stayers.map(({ node, inRoom }) => inRoom && node)).toEqual(stayers.map(() => paused))
  expect(movers.map(({ node }) => node)).not.toContain(paused)
  await expectUnharmed([paused, ...awake])
  await traffic.finish()
})

test('clients that stayed on a node that hung for longer than their window are seen leaving once', {
  timeout: 90_000,
}, async () => {
  const window = 2
  const { nodes, paused, awake } = await start(window)
  const traffic = await Traffic.start({ nodes, loginNodes: [paused, ...awake], clients: 9, window })
  const stayers = traffic.on(paused)
  paused.kill('SIGSTOP')
  nodes.splice(nodes.indexOf(paused), 1)
  const ended = stayers.map((client) => client.stay())
  const [observer] = traffic.present
  if (!observer) throw new Error('No observer')
  await traffic.untilSeenLeaving(stayers, observer)
  const flow = traffic.flow()
  await traffic.ledger.more(20)
  paused.kill('SIGCONT')
  // their late requests are refused, and their connections closed so that client libraries do not reconnect
  expect(await Promise.all(ended)).toEqual(ended.map(() => 'io server disconnect'))
  await flow.stop()
  await traffic.finish()
  for (const { id } of stayers) expect(traffic.ledger.leavesSeenBy(observer.id, id)).toBe(1)
})
