import { expect, test } from 'vitest'
import { connect, loginInfo, ok } from '../support/client.ts'
import { newRoom, tokenFor } from '../support/node.ts'
import { startProcesses } from '../support/process.ts'
import { randomPrefix, redisUrl } from '../support/redis.ts'
import { startTcpProxy } from '../support/tcp-proxy.ts'
import { Traffic } from '../support/traffic.ts'

const window = 4

async function startNodes() {
  const env = { RECONNECT_WINDOW: window }
  const nodes = await startProcesses(3, { redisUrl: redisUrl(), prefix: randomPrefix(), env })
  const [victim, ...survivors] = nodes
  if (!victim) throw new Error('No node')
  return { nodes, victim, survivors }
}

test('when a node with twenty clients is killed while they send, no message is lost or duplicated', {
  timeout: 90_000,
}, async () => {
  const { nodes, victim, survivors } = await startNodes()
  const loginNodes = [...Array.from({ length: 20 }, () => victim), ...survivors, ...survivors]
  const traffic = await Traffic.start({ nodes, loginNodes, clients: loginNodes.length, window })
  const flow = traffic.flow(200)
  await traffic.ledger.more(100)
  nodes.splice(nodes.indexOf(victim), 1)
  // when the node is killed, it has not read some of these messages, has not acked others, and has acked the rest
  for (let message = 0; message < 400; message += 1) void traffic.sendOne()
  await traffic.ledger.more(50)
  victim.kill('SIGKILL')
  await traffic.allInRoom(victim)
  await traffic.ledger.more(100)
  await flow.stop()
  await traffic.finish()
})

test('participants of a killed node who never resume are seen leaving once', {
  timeout: 90_000,
}, async () => {
  const { nodes, victim, survivors } = await startNodes()
  const loginNodes = [victim, victim, ...survivors]
  const traffic = await Traffic.start({ nodes, loginNodes, clients: 16, window })
  const flow = traffic.flow()
  await traffic.ledger.more(20)
  const lost = traffic.on(victim)
  nodes.splice(nodes.indexOf(victim), 1)
  for (const client of lost.slice(1)) client.vanish()
  victim.kill('SIGKILL')
  const observers = traffic.present
  await Promise.all(observers.map((observer) => traffic.untilSeenLeaving(lost.slice(1), observer)))
  await flow.stop()
  await traffic.finish()
  for (const { id } of lost.slice(1)) {
    expect(observers.map((observer) => traffic.ledger.leavesSeenBy(observer.id, id))).toEqual(observers.map(() => 1))
  }
})

test('a login that a killed node executed but did not ack returns the same participant when it is repeated on another node', {
  timeout: 90_000,
}, async () => {
  const { victim, survivors } = await startNodes()
  const room = newRoom()
  const [witness, resumed] = await Promise.all(survivors.map(({ url }) => connect(url)))
  await witness?.login({ room })
  const token = tokenFor({ room })
  const proxy = await startTcpProxy(victim)
  const stalled = await connect(proxy.url)
  proxy.stall('answers')
  stalled.socket.emit('login', loginInfo({ room, token }))
  const joined = await witness?.next('participant')
  victim.kill('SIGKILL')
  await victim.exited
  const { data: seen } = joined ?? {}
  const entered = await resumed?.login({ room, token })
  expect(seen).toMatchObject({ action: 'join', data: { id: entered?.id } })
  expect(entered?.room.participants.map(({ id }) => id).toSorted()).toEqual([witness?.id, entered?.id].toSorted())
  // it stays: the others are notified neither of a leave by the reaper nor of a second join
  expect(await resumed?.request('text', { to: 'all', message: 'here' })).toEqual(ok())
  expect(await witness?.barrier()).toMatchObject([{ event: 'text' }])
})
