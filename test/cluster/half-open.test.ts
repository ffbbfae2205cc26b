import { expect, test } from 'vitest'
import { startProcesses } from '../support/process.ts'
import { randomPrefix, redisUrl } from '../support/redis.ts'
import { startTcpProxy } from '../support/tcp-proxy.ts'
import { Traffic } from '../support/traffic.ts'

const window = 4

test('a half-open connection is taken over on another node, and its late requests have no effect', {
  timeout: 90_000,
}, async () => {
  const env = { RECONNECT_WINDOW: window }
  const nodes = await startProcesses(3, { redisUrl: redisUrl(), prefix: randomPrefix(), env })
  const [first, second, third] = nodes
  if (!first || !second || !third) throw new Error('No nodes')
  const proxy = await startTcpProxy(first)
  const traffic = await Traffic.start({ nodes, loginNodes: [proxy, first, second, third], clients: 8, window })
  const stuck = traffic.on(proxy)
  const flow = traffic.flow()
  await traffic.ledger.more(50)
  proxy.stall('all')
  await traffic.ledger.more(50)
  const oldConnections = stuck.map((client) => ({ socket: client.move(second), closed: false }))
  for (const old of oldConnections) {
    old.socket.once('disconnect', () => {
      old.closed = true
    })
    old.socket.emit('text', { to: 'all', message: '1000001' }, { rid: 1_000_001 })
    old.socket.emit('text', { to: 'all', message: '1000002' })
    old.socket.emit('logout')
  }
  await traffic.allInRoom()
  await traffic.expectRoster()
  await traffic.ledger.more(50)
  proxy.resume()
  await Promise.all(
    oldConnections.map(({ socket, closed }) => closed || new Promise((resolve) => socket.once('disconnect', resolve))),
  )
  await traffic.ledger.more(50)
  await flow.stop()
  await traffic.sendRound()
  await traffic.expectRoster()
  expect(stuck.map(({ node }) => node)).toEqual(stuck.map(() => second))
  await traffic.finish()
})
