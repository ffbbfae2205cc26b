import { describe, expect, test } from 'vitest'
import { connect, refusal } from '../../support/client.ts'
import { inChannel, joinStream, receivedBefore } from '../../support/dialects.ts'
import { newRoom, startNode } from '../../support/node.ts'

const node = await startNode()
const exchanger = { namespace: '/exchanger' }

test('the ack of joinStream has the other participants; the client receives their ids before any other notification', async () => {
  const channel = newRoom()
  const user = { id: 1, name: 'Ann' }
  const ann = await inChannel(node, channel, user)
  const bob = await connect(node.url, exchanger)
  const order: string[] = []
  bob.socket.onAny((event) => order.push(event))
  const acked = new Promise<unknown[]>((resolve) => {
    bob.socket.emit('joinStream', { channelName: channel, user: 'bob' }, (...ack: unknown[]) => {
      order.push('ack')
      resolve(ack)
    })
  })
  await ann.next('userJoinedStream')
  ann.socket.emit('offer', { channelName: channel, sessionDescriptor: 'early' })
  const id = expect.stringMatching(/^[0-9a-zA-Z-]+$/)
  const reply = { id, users: [{ id: ann.id, user }], ticket: expect.any(String), seq: 2 }
  expect(await acked).toEqual(['ok', reply])
  expect(await bob.next('allStreamUsers')).toEqual({ event: 'allStreamUsers', data: [ann.id], meta: { seq: 2 } })
  await bob.next('receiveOffer')
  expect(order).toEqual(['ack', 'allStreamUsers', 'receiveOffer'])
})

test('joinStream and leaveStream notify the others with `user` unchanged, and the id in the meta', async () => {
  const channel = newRoom()
  const ann = await inChannel(node, channel)
  for (const user of [{ deep: { list: [1, {}, []] }, '': null }, 'text', 5, null, false]) {
    const bob = await inChannel(node, channel, user)
    const notification = await ann.next('userJoinedStream')
    expect(notification).toMatchObject({ data: user, meta: { from: bob.id } })
    expect(bob.id).not.toBe(bob.socket.id)
    await bob.request('leaveStream', { channelName: channel, user })
    expect(await ann.next('userLeftStream')).toMatchObject({ data: user, meta: { from: bob.id } })
  }
})

test('joinStream to another channel leaves the first: its members are notified, and its messages no longer arrive', async () => {
  const [one, two] = [newRoom(), newRoom()]
  const [ann, bob, cleo] = [
    await inChannel(node, one, 'a'),
    await inChannel(node, one, 'b'),
    await inChannel(node, two),
  ]
  await ann.next('userJoinedStream')
  const first = bob.id
  const joined = await joinStream(bob, two, 'b')
  expect(joined).toMatchObject({ users: [{ id: cleo.id, user: null }] })
  expect(bob.id).not.toBe(first)
  expect(await ann.next('userLeftStream')).toMatchObject({ data: 'b', meta: { from: first } })
  expect(await cleo.next('userJoinedStream')).toMatchObject({ data: 'b', meta: { from: bob.id } })
  await ann.request('offer', { channelName: one, sessionDescriptor: 'not for bob' })
  await cleo.request('offer', { channelName: two, sessionDescriptor: 'for bob' })
  expect(await receivedBefore(bob, 'exchanger', two)).toMatchObject([
    { event: 'allStreamUsers', data: [cleo.id] },
    { event: 'receiveOffer', data: 'for bob' },
  ])
})

test('joinStream to the present channel changes nothing', async () => {
  const channel = newRoom()
  const [ann, bob] = [await inChannel(node, channel, 'a'), await inChannel(node, channel, 'b')]
  await ann.next('userJoinedStream')
  const { id } = bob
  expect(await joinStream(bob, channel, 'other')).toMatchObject({ id, users: [{ id: ann.id, user: 'a' }] })
  expect(await receivedBefore(ann, 'exchanger', channel)).toEqual([])
  const back = await connect(node.url, exchanger)
  expect(await back.request('relogin', bob.ticket)).toMatchObject({ status: 'ok' })
})

test('joinStream to a full channel is refused, and the session in the present channel stays', async () => {
  const [one, full] = [newRoom(), newRoom()]
  await node.app.store.rooms.configure(`exchanger/${encodeURIComponent(full)}`, { participantLimit: 1 })
  const [ann, bob] = [await inChannel(node, one), await inChannel(node, one)]
  await ann.next('userJoinedStream')
  await inChannel(node, full)
  expect(await bob.request('joinStream', { channelName: full })).toEqual(refusal('The channel is full.', 'room_full'))
  await bob.request('offer', { channelName: one, sessionDescriptor: 'after the refusal' })
  expect(await ann.next()).toMatchObject({ event: 'receiveOffer', data: 'after the refusal' })
})

describe('before a session', () => {
  test('requests that arrive before the ack of joinStream are served in order after it', async () => {
    const channel = newRoom()
    const ann = await inChannel(node, channel)
    const bob = await connect(node.url, exchanger)
    const sent = [
      bob.request('joinStream', { channelName: channel, user: 'b' }),
      bob.request('offer', { channelName: channel, sessionDescriptor: 1 }),
      bob.request('joinStream', { channelName: channel, user: 'b' }),
      bob.request('leaveStream', { channelName: channel, user: 'b' }),
    ]
    expect((await Promise.all(sent)).map(({ status }) => status)).toEqual(['ok', 'ok', 'ok', 'ok'])
    const events = ['userJoinedStream', 'receiveOffer', 'userLeftStream']
    for (const event of events) expect((await ann.next()).event).toBe(event)
  })

  test('leaveStream is refused at once, and the connection stays after a refused joinStream', async () => {
    const channel = newRoom()
    const bob = await connect(node.url, exchanger)
    expect(await bob.request('leaveStream', { channelName: channel })).toMatchObject({ code: 'illegal_request' })
    expect(await bob.request('joinStream', { channelName: '  ' })).toMatchObject({ code: 'bad_name' })
    await joinStream(bob, channel)
  })
})
