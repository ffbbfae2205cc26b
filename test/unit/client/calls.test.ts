import { expect, onTestFinished, test } from 'vitest'
import { Exchanger } from '../../../src/client/exchanger.ts'
import { Rooms } from '../../../src/client/rooms.ts'
import { FakeClock, quiet } from './fake-clock.ts'
import { FakeNodes, ticketOf } from './fake-node.ts'

/** Requests and notifications as docs/protocol.md and docs/dialects.md describe them. test/integration/client has them with a real node. */
function parts() {
  const [clock, nodes] = [new FakeClock(), new FakeNodes()]
  return { clock, nodes, options: { url: 'http://a', parts: { clock, random: () => 0.5, connect: nodes.connect } } }
}

const signals = () => ({
  notifications: [] as string[],
  listener() {
    const record = (what: string) => (about: unknown) =>
      void this.notifications.push(`${what} ${JSON.stringify(about)}`)
    return {
      signal: (from: string, signal: object) => void this.notifications.push(`${from} ${JSON.stringify(signal)}`),
      joined: record('joined'),
      left: record('left'),
      iceServers: record('iceServers'),
      reconnected: () => void this.notifications.push('reconnected'),
      resynced: record('resynced'),
      closed: () => void this.notifications.push('closed'),
    }
  },
})

async function inRoom() {
  const { clock, nodes, options } = parts()
  const rooms = new Rooms(options)
  onTestFinished(() => rooms.close())
  await rooms.nickname('ann')
  const entering = rooms.enter('den')
  await quiet()
  const link = nodes.last
  link.ok('nickname')
  await quiet()
  expect(link.requests.map(({ event, args }) => [event, ...args])).toEqual([
    ['nickname', 'ann'],
    ['enter_room', 'den'],
  ])
  const members = [
    { id: 'b', nickname: 'bob' },
    { id: 'a', nickname: 'ann' },
  ]
  link.ok('enter_room', {
    id: 'a',
    room: 'den',
    members,
    ticket: ticketOf('one'),
    seq: 3,
    iceServers: [{ urls: 'stun:x' }],
  })
  await entering
  return { clock, nodes, rooms, link }
}

test('Rooms sends nickname, enter_room and messages, and follows the members who join and leave', async () => {
  const { rooms, link } = await inRoom()
  expect([rooms.id, rooms.room, Object.fromEntries(rooms.members)]).toEqual(['a', 'den', { a: 'ann', b: 'bob' }])
  const received: unknown[] = []
  rooms.on('new_message', (text, { nickname }) => received.push(`${nickname}: ${text}`))
  rooms.on('direct_message', (text, { from }) => received.push(`${from} to me: ${text}`))
  rooms.on('room_change', (names) => received.push(names))
  rooms.on('announcement', (text) => received.push(text))
  link.emit('new_message', 'hi', { seq: 4, from: 'b', nickname: 'bob' })
  link.emit('welcome', 'cid', { seq: 5, from: 'c' })
  link.emit('bye', 'bob', { seq: 6, from: 'b' })
  link.emit('direct_message', 'psst', { seq: 7, from: 'c' })
  link.emit('room_change', ['den'], [{ name: 'den', size: 2 }])
  link.emit('announcement', 'lunch')
  expect(received).toEqual(['bob: hi', 'c to me: psst', ['den'], 'lunch'])
  expect(Object.fromEntries(rooms.members)).toEqual({ a: 'ann', c: 'cid' })
  void rooms.say('hello')
  void rooms.whisper('c', 'psst')
  void rooms.offer({ type: 'offer', sdp: 'x' })
  expect(link.requests.slice(2).map(({ event, args }) => [event, ...args])).toEqual([
    ['new_message', 'hello', 'den', { rid: 1 }],
    ['direct_message', 'c', 'psst', { rid: 2 }],
    ['offer', { type: 'offer', sdp: 'x' }, 'den', { rid: 3 }],
  ])
  for (const { answer } of link.requests) answer({ ok: true, data: undefined })
})

test('the channel of Rooms sends signals to one member, receives signals of one member, and reports a reconnect', async () => {
  const { clock, nodes, rooms, link } = await inRoom()
  const { channel } = rooms
  expect([channel.id, channel.present, channel.iceServers]).toEqual(['a', ['b'], [{ urls: 'stun:x' }]])
  expect(channel.offersTo('b')).toBe(false) // b entered before, and makes the offers
  link.emit('offer', { type: 'offer' }, { seq: 4, from: 'b' })
  const received = signals()
  channel.attach(received.listener())
  link.emit('ice', { candidate: 'x' }, { seq: 5, from: 'b' })
  link.emit('welcome', 'cid', { seq: 6, from: 'c' })
  expect(channel.offersTo('c')).toBe(true)
  void channel.send('b', { description: { type: 'answer', sdp: 'y' } })
  void channel.send('b', { candidate: { candidate: 'z' } })
  const expected = [
    ['answer', { type: 'answer', sdp: 'y' }, 'den', 'b', { rid: 1 }],
    ['ice', { candidate: 'z' }, 'den', 'b', { rid: 2 }],
  ]
  const lastRequests = () => nodes.last.requests.slice(-2).map(({ event, args }) => [event, ...args])
  expect(lastRequests()).toEqual(expected)
  link.cut()
  await clock.pass(1000)
  const iceServers = [{ urls: 'turn:x', credential: 'that is good for longer' }]
  nodes.last.ok('relogin', { ticket: ticketOf('two'), seq: 6, complete: true, iceServers })
  expect(channel.iceServers).toEqual(iceServers)
  expect(lastRequests()).toEqual(expected)
  nodes.last.ok('answer')
  nodes.last.ok('ice')
  nodes.last.cut()
  await clock.pass(1000)
  const room = { members: [{ id: 'c', nickname: 'cid' }] }
  nodes.last.ok('relogin', { ticket: ticketOf('three'), seq: 99, complete: false, room })
  expect(received.notifications).toEqual([
    'b {"description":{"type":"offer"}}',
    'b {"candidate":{"candidate":"x"}}',
    'joined "c"',
    `iceServers ${JSON.stringify(iceServers)}`,
    'reconnected',
    'left "b"',
    'resynced ["c"]',
    'reconnected',
  ])
})

test('Rooms keeps the lobby open before, between and after rooms', async () => {
  const { clock, nodes, options } = parts()
  const rooms = new Rooms(options)
  onTestFinished(() => rooms.close())
  const seen: string[][] = []
  rooms.on('room_change', (names) => seen.push(names))
  rooms.open()
  await quiet()
  nodes.last.emit('room_change', ['den'], [])
  nodes.last.cut()
  await clock.pass(1000)
  expect(nodes.last.requests).toEqual([])
  nodes.last.emit('room_change', ['den', 'attic'], [])
  expect(seen).toEqual([['den'], ['den', 'attic']])
  const listed = rooms.list()
  nodes.last.ok('rooms', ['den'])
  expect(await listed).toEqual(['den'])
  const refused = rooms.enter('')
  await quiet()
  nodes.last.refuse('enter_room', 'bad_request')
  await expect(refused).rejects.toMatchObject({ code: 'bad_request' })
  const entering = rooms.enter('den')
  await quiet()
  nodes.last.ok('enter_room', { id: 'a', room: 'den', members: [], ticket: ticketOf('one'), seq: 3 })
  await entering
  expect(rooms.state).toBe('connected')
  const moving = rooms.enter('attic')
  nodes.last.ok('leave_room')
  await quiet()
  nodes.last.ok('enter_room', { id: 'b', room: 'attic', members: [], ticket: ticketOf('two'), seq: 9 })
  expect((await moving).id).toBe('b')
  expect([rooms.room, rooms.seq, nodes.last.open]).toEqual(['attic', 9, true])
})

test('Exchanger joins, sends signals with and without a target, lists users by id, and leaves', async () => {
  const { nodes, options } = parts()
  const exchanger = new Exchanger({ ...options, token: async () => 'token' })
  onTestFinished(() => exchanger.close())
  const joining = exchanger.join('live', { name: 'ann' })
  await quiet()
  const link = nodes.last
  expect(link.all('joinStream')[0]?.args).toEqual([{ channelName: 'live', user: { name: 'ann' } }])
  link.ok('joinStream', { id: 'a', users: [{ id: 'b', user: 'bob' }], ticket: ticketOf('one'), seq: 1 })
  expect((await joining).id).toBe('a')
  expect(exchanger.channel.offersTo('b')).toBe(true) // the participant that joins makes the offers
  const received = signals()
  exchanger.channel.attach(received.listener())
  link.emit('userJoinedStream', 'cid', { seq: 2, from: 'c' })
  expect(exchanger.channel.offersTo('c')).toBe(false)
  link.emit('receiveOffer', { type: 'offer' }, { seq: 3, from: 'c' })
  link.emit('receiveAnswer', { type: 'answer' }, { seq: 4, from: 'b' })
  link.emit('receiveCandidate', { candidate: 'x' }, { seq: 5, from: 'b' })
  link.emit('userLeftStream', 'bob', { seq: 6, from: 'b' })
  expect(received.notifications).toEqual([
    'joined "c"',
    'c {"description":{"type":"offer"}}',
    'b {"description":{"type":"answer"}}',
    'b {"candidate":{"candidate":"x"}}',
    'left "b"',
  ])
  expect(Object.fromEntries(exchanger.users)).toEqual({ c: 'cid' })
  void exchanger.offer({ type: 'offer' })
  void exchanger.channel.send('c', { candidate: { candidate: 'y' } })
  const left = exchanger.leave()
  expect(link.requests.slice(1).map(({ event, args }) => [event, ...args])).toEqual([
    ['offer', { channelName: 'live', sessionDescriptor: { type: 'offer' } }, { rid: 1 }],
    ['candidate', { channelName: 'live', candidate: { candidate: 'y' }, to: 'c' }, { rid: 2 }],
    ['leaveStream', { channelName: 'live', user: { name: 'ann' } }, { rid: 3 }],
  ])
  for (const { answer } of link.requests) answer({ ok: true, data: undefined })
  await left
  expect(exchanger.state).toBe('closed')
})
