import { expect, test } from 'vitest'
import { call, Room, sdpOf, stable, track } from './mesh-room.ts'

test('after a resync a mesh sends an unanswered offer again, closes connections to absent participants, and calls new ones', async () => {
  const { room, people, at } = await call('a', 'b')
  room.people.delete('b') // signals to it are lost
  at(0).mesh.addTrack(track('screen a'))
  await room.settle()
  expect(at(0).to('b').signalingState).toBe('have-local-offer')
  room.people.set('b', at(1))
  at(0).channel.resynced(['a', 'b'])
  await room.settle()
  stable(...people)
  expect(at(1).tracks).toContain('screen a of a')
  at(0).channel.resynced(['a'])
  expect(at(0).mesh.connections.size).toBe(0)
})

test('the second answer changes nothing if an offer is repeated while its answer is on the way', async () => {
  const { room, people, at } = await call('a', 'b')
  at(0).mesh.addTrack(track('screen a'))
  const made = () => room.signals.filter((signal) => signal === 'b>a answer').length
  const before = made()
  while (made() === before) await new Promise((resolve) => setImmediate(resolve))
  at(0).channel.resynced(['a', 'b'])
  at(0).mesh.addTrack(track('second screen a'))
  await room.settle()
  stable(...people)
  expect(at(1).tracks).toEqual(['cam a of a', 'screen a of a', 'second screen a of a'])
  expect(at(1).to('a').remoteDescription).toEqual(at(0).to('b').localDescription)
  expect(at(0).to('b').remoteDescription).toEqual(at(1).to('a').localDescription)
})

test('a participant that missed the answer receives it again, with its candidates', async () => {
  const { room, people, at } = await call('a', 'b')
  room.unreachable = 'a'
  at(0).mesh.addTrack(track('screen a'))
  await room.settle()
  room.unreachable = ''
  const [candidates, { version }] = [at(0).to('b').candidates.length, sdpOf(at(1).to('a').localDescription)]
  at(0).channel.resynced(['a', 'b'])
  await room.settle()
  stable(...people)
  expect(sdpOf(at(0).to('b').remoteDescription)).toMatchObject({ version })
  expect(at(0).to('b').candidates.length).toBe(candidates)
})

test.each(['a', 'b'])('both offers are answered if %s missed one and makes another', async (unreachable) => {
  const { room, people, at } = await call('a', 'b')
  room.unreachable = unreachable
  const [hearing, other] = unreachable === 'a' ? [at(1), at(0)] : [at(0), at(1)]
  hearing.mesh.addTrack(track('screen'))
  await room.settle()
  room.unreachable = ''
  other.channel.resynced(['a', 'b'])
  await room.settle()
  stable(...people)
  expect(other.tracks).toContain(`screen of ${unreachable === 'a' ? 'b' : 'a'}`)
})

test('a call is established although every signal arrives twice, and although offers collide', async () => {
  const room = new Room()
  room.copies = 2
  const people = ['a', 'b', 'c'].map((id) => {
    const person = room.enter(id)
    person.mesh.addTrack(track(`cam ${id}`))
    person.mesh.start()
    return person
  })
  await room.settle()
  for (const { mesh } of people) mesh.addTrack(track('screen'))
  await room.settle()
  stable(...people)
  for (const { mesh, channel } of people) {
    expect(mesh.connections.size).toBe(2)
    for (const [id, connection] of mesh.connections) {
      const opposite = room.people.get(id)?.to(channel.id)
      expect(connection.remoteDescription).toEqual(opposite?.localDescription)
    }
  }
})

test('a malformed candidate that arrives before its offer prevents neither the answer nor later candidates', async () => {
  const room = new Room()
  const [ann, bob] = [room.enter('a'), room.enter('b')]
  for (const candidate of ['malformed', 'good']) bob.channel.receive('a', { candidate: { candidate } })
  bob.mesh.start()
  ann.mesh.addTrack(track('cam a'))
  ann.mesh.start()
  await room.settle()
  expect(bob.errors.splice(0)).toMatchObject([{ message: 'malformed candidate' }])
  stable(ann, bob)
  expect(bob.tracks).toEqual(['cam a of a'])
  expect(bob.to('a').candidates).toContainEqual({ candidate: 'good' })
})
