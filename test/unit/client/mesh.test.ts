import { expect, test } from 'vitest'
import { MeshChannel } from '../../../src/client/mesh/channel.ts'
import { Mesh } from '../../../src/client/mesh/mesh.ts'
import type { MediaTrack, PeerConfiguration } from '../../../src/client/mesh/rtc.ts'
import { FakePeerConnection } from './fake-peer-connection.ts'
import { call, Room, stable, track } from './mesh-room.ts'

test('three participants all see each other after one offer for each pair', async () => {
  const { room, people } = await call('a', 'b', 'c')
  stable(...people)
  expect(people.map(({ tracks }) => tracks.toSorted())).toEqual([
    ['cam b of b', 'cam c of c'],
    ['cam a of a', 'cam c of c'],
    ['cam a of a', 'cam b of b'],
  ])
  expect(room.signals.filter((signal) => /offer|answer/.test(signal)).toSorted()).toEqual([
    'a>b offer',
    'a>c offer',
    'b>a answer',
    'b>c offer',
    'c>a answer',
    'c>b answer',
  ])
})

test('if both sides offer at once, the smaller id gives way, and both receive all tracks', async () => {
  const { room, people, at } = await call('a', 'b')
  room.signals.length = 0
  at(0).mesh.addTrack(track('screen a'))
  at(1).mesh.addTrack(track('screen b'))
  await room.settle()
  stable(...people)
  expect(room.signals).toContain('a>b offer')
  expect(room.signals).toContain('b>a offer')
  expect([at(0).to('b').rollbacks, at(1).to('a').rollbacks]).toEqual([1, 0])
  expect(at(0).tracks).toEqual(['cam b of b', 'screen b of b'])
  expect(at(1).tracks).toEqual(['cam a of a', 'screen a of a'])
})

test('a mesh that starts last receives the signals that arrived before its start', async () => {
  const room = new Room()
  const [first, second] = [room.enter('z'), room.enter('a')]
  second.mesh.addTrack(track('cam a'))
  second.mesh.start()
  await room.settle()
  first.mesh.addTrack(track('cam z'))
  first.mesh.start()
  await room.settle()
  stable(first, second)
  expect([first.tracks, second.tracks]).toEqual([['cam a of a'], ['cam z of z']])
  const third = room.enter('m')
  await room.settle() // the offers have arrived, and the mesh has not processed them
  third.mesh.start()
  await room.settle()
  stable(first, second, third)
  expect(third.tracks.toSorted()).toEqual(['cam a of a', 'cam z of z'])
})

test('candidates that arrive before their description wait for it', async () => {
  const room = new Room()
  const [a, b] = [room.enter('a'), room.enter('b')]
  b.mesh.start()
  b.channel.receive('a', { candidate: { candidate: 'early' } })
  b.channel.receive('a', { description: { type: 'offer', sdp: JSON.stringify({ tracks: ['x'] }) } })
  await room.settle()
  expect(b.to('a').candidates).toEqual([{ candidate: 'early' }])
  expect(b.errors).toEqual([])
  expect(a.channel.present).toEqual(['b'])
})

test('replaceTrack changes the track for every participant without a negotiation, and for later participants', async () => {
  const { room, people, at } = await call('a', 'b', 'c')
  room.signals.length = 0
  const [old] = at(0).to('b').getSenders()
  await at(0).mesh.replaceTrack(old?.track as MediaTrack, track('front a'))
  await room.settle()
  expect(room.signals).toEqual([])
  for (const id of ['b', 'c'])
    expect(
      at(0)
        .to(id)
        .getSenders()
        .map(({ track }) => track?.id),
    ).toEqual(['front a'])
  const late = room.enter('d')
  late.mesh.start()
  await room.settle()
  stable(...people, late)
  expect(late.tracks.toSorted()).toEqual(['cam b of b', 'cam c of c', 'front a of a'])
})

test('the leave of a participant closes its connections on both sides', async () => {
  const { room, at } = await call('a', 'b', 'c')
  const gone: string[] = []
  at(0).mesh.on('gone', (id) => gone.push(id))
  const toB = at(0).to('b')
  room.leave('b')
  expect(toB.signalingState).toBe('closed')
  expect(gone).toEqual(['b'])
  expect([...at(0).mesh.connections.keys()]).toEqual(['c'])
  expect(at(1).made.every(({ signalingState }) => signalingState === 'closed')).toBe(true)
})

test('ICE restarts when a connection fails, when a relogin finds it broken, and when the network returns', async () => {
  const { room, people, at } = await call('a', 'b')
  const [ab, ba] = [at(0).to('b'), at(1).to('a')]
  ab.go('failed')
  await room.settle()
  expect(ab.ice).toBe(2)
  ab.go('connected')
  at(0).channel.reconnected()
  expect(ab.ice).toBe(2)
  ab.go('disconnected')
  at(0).channel.reconnected()
  await room.settle()
  expect(ab.ice).toBe(3)
  at(1).network.change(true)
  await room.settle()
  expect([ab.ice, ba.ice]).toEqual([3, 2])
  stable(...people)
})

test('a change of network during an unanswered offer is followed by an offer with new candidates', async () => {
  const { room, people, at } = await call('a', 'b')
  const channel = at(0).channel as { send: MeshChannel['send'] }
  const { send } = channel
  const held: (() => unknown)[] = []
  channel.send = async (...signal) => held.push(() => send(...signal)) // the node cannot be reached either
  at(0).to('b').go('failed')
  await room.settle()
  expect(at(0).to('b').signalingState).toBe('have-local-offer')
  at(0).network.change(true)
  channel.send = send
  for (const go of held) go()
  await room.settle()
  stable(...people)
  expect(JSON.parse(at(1).to('a').remoteDescription?.sdp ?? '{}')).toMatchObject({ ice: 3 })
})

test('a mesh uses the ICE servers of the node, or those of its option if the node has none', async () => {
  const { at } = await call('a', 'b')
  expect(at(0).to('b').iceServers).toEqual([{ urls: 'stun:fallback' }])
  const room = new Room()
  const [a, b] = [room.enter('a'), room.enter('b')]
  a.channel.iceServers = [{ urls: 'turn:server' }]
  a.mesh.start()
  expect(a.to('b').iceServers).toEqual([{ urls: 'turn:server' }])
  expect(b.made).toEqual([])
  a.channel.iceServers = [{ urls: 'turn:server', credential: 'that is good for longer' }]
  a.channel.reconnected()
  expect(a.to('b').iceServers).toEqual(a.channel.iceServers)
  expect(a.errors).toEqual([])
})

test('iceTransportPolicy relay is set on every connection', () => {
  const policies = ([undefined, 'relay'] as const).map((iceTransportPolicy) => {
    const made: FakePeerConnection[] = []
    const channel = new MeshChannel('later', async () => {})
    channel.entered('a', ['b'], [])
    const createPeerConnection = (configuration: PeerConfiguration) => {
      made.push(new FakePeerConnection(configuration))
      return made[0] as FakePeerConnection
    }
    const policy = iceTransportPolicy ? { iceTransportPolicy } : {}
    new Mesh(channel, { createPeerConnection, ...policy }).start()
    return made.map((connection) => connection.iceTransportPolicy)
  })
  expect(policies).toEqual([[undefined], ['relay']])
})

test('stop closes every connection', async () => {
  const { at } = await call('a', 'b')
  at(0).mesh.stop()
  expect(at(0).made.every(({ signalingState }) => signalingState === 'closed')).toBe(true)
  expect(at(0).mesh.connections.size).toBe(0)
})
