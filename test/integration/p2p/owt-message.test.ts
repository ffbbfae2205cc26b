import { expect, test } from 'vitest'
import { newId } from '../../../src/core/ids.ts'
import { connect } from '../../support/client.ts'
import { ackOf, peer } from '../../support/dialects.ts'
import { startCluster, type TestNode } from '../../support/node.ts'
import { until } from '../../support/until.ts'
import { badArguments } from '../bad-arguments.ts'

const nodes = await startCluster(2, { redis: true, env: { RECONNECT_WINDOW: 2 } })
const [a, b] = nodes as [TestNode, TestNode]

async function two() {
  const [one, other] = [newId(), `é ${newId()}`]
  return { one, other, ann: await peer(a, one), bob: await peer(b, other) }
}

test('owt-message is acked without arguments, and delivered with `from` instead of `to` and with all other fields', async () => {
  const { one, other, ann, bob } = await two()
  const sent = { to: other, data: '{"type":"chat-ua"}', from: 'somebody else', more: [1, {}, []] }
  expect(await ackOf(ann, 'owt-message', sent)).toEqual([])
  const { data, meta } = await bob.next('owt-message')
  expect(data).toEqual({ data: '{"type":"chat-ua"}', from: one, more: [1, {}, []] })
  expect(meta).toEqual({ seq: expect.any(Number) })
  expect(await ackOf(bob, 'owt-message', { to: other, data: 'self' })).toEqual([])
  expect((await bob.next('owt-message')).data).toEqual({ data: 'self', from: other })
})

test('a message to an absent user gets the number 2201', async () => {
  const { ann } = await two()
  expect(await ackOf(ann, 'owt-message', { to: newId(), data: 'x' })).toEqual([2201])
})

test('a message before the authentication gets the number 2120, then the node disconnects', async () => {
  const { other } = await two()
  const stranger = await connect(a.url, { namespace: '/p2p' })
  expect(await ackOf(stranger, 'owt-message', { to: other, data: 'x' })).toEqual([2120])
  expect(await stranger.closed).toBe('io server disconnect')
})

test('a message that a client sends just before its authentication waits for it', async () => {
  const { other, bob } = await two()
  const uid = newId()
  const sender = await connect(a.url, { namespace: '/p2p' })
  const sent = ackOf(sender, 'owt-message', { to: other, data: 'early' })
  await ackOf(sender, 'authentication', { token: uid })
  expect(await sent).toEqual([])
  expect((await bob.next('owt-message')).data).toEqual({ data: 'early', from: uid })
})

test('messages to a disconnected user are delivered in order after its next authentication, on any node', async () => {
  const { other, ann, bob } = await two()
  await ackOf(ann, 'owt-message', { to: other, data: 'seen' })
  await bob.next('owt-message')
  bob.cut() // the node does not know it yet: messages in flight are not lost either
  for (const data of ['1', '2', '3']) expect(await ackOf(ann, 'owt-message', { to: other, data })).toEqual([])
  const back = await peer(a, other)
  for (const data of ['1', '2', '3']) expect((await back.next('owt-message')).data).toMatchObject({ data })
  await ackOf(ann, 'owt-message', { to: other, data: 'live' })
  expect((await back.next('owt-message')).data).toMatchObject({ data: 'live' })
})

test('messages to a user whose window has expired are refused, and not delivered after its next authentication', async () => {
  const { other, ann, bob } = await two()
  bob.cut()
  const outcome = () => ackOf(ann, 'owt-message', { to: other, data: 'x' })
  expect(await outcome()).toEqual([])
  await until(async () => (await outcome())[0] === 2201)
  const back = await peer(b, other)
  await ackOf(ann, 'owt-message', { to: other, data: 'new' })
  expect((await back.next('owt-message')).data).toMatchObject({ data: 'new' }) // the waiting messages were deleted with the session
})

test('a message that is repeated with its rid is sent once, also after the user has authenticated again', async () => {
  const { one, other, ann, bob } = await two()
  const message = { to: other, data: 'once' }
  for (let time = 0; time < 2; time += 1) expect(await ackOf(ann, 'owt-message', message, { rid: 1 })).toEqual([])
  ann.cut()
  const back = await peer(b, one)
  expect(await ackOf(back, 'owt-message', message, { rid: 1 })).toEqual([])
  expect(await ackOf(back, 'owt-message', { to: other, data: 'next' }, { rid: 2 })).toEqual([])
  for (const data of ['once', 'next']) expect((await bob.next('owt-message')).data).toMatchObject({ data })
})

test('an invalid owt-message gets exactly one ack, a number, and ends neither the process nor the connection', async () => {
  const { one, other, ann, bob } = await two()
  for (const args of badArguments()) {
    const ack = await ackOf(ann, 'owt-message', ...args)
    expect(ack).toEqual([expect.any(Number)])
    ann.socket.emit('owt-message', ...args)
  }
  expect(await ackOf(ann, 'owt-message', { to: other, data: 'fine' })).toEqual([])
  expect((await bob.next('owt-message')).data).toEqual({ data: 'fine', from: one })
  const strangers = await Promise.all([a, b].map(({ url }) => connect(url, { namespace: '/p2p' })))
  for (const stranger of strangers) {
    for (const args of badArguments()) stranger.socket.emit('owt-message', ...args)
    expect(await stranger.request('nonsense')).toMatchObject({ code: 'unknown_event' })
  }
  for (const { logs } of [a, b]) expect(logs.lines.filter(({ level }) => level >= 50)).toEqual([])
})
