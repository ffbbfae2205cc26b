import { expect, test } from 'vitest'
import { Random } from '../../support/random.ts'
import { CrowdedRoom } from './crowded-room.ts'
import { type Person, track } from './mesh-room.ts'

const ids = ['a', 'b', 'c', 'd', 'e', 'f']

/** Six participants enter at once. Each starts its mesh and adds its tracks after random delays. */
async function enterAtOnce(seed: number, refusals = 0): Promise<Person[]> {
  const room = new CrowdedRoom(new Random(seed), refusals)
  const people = await Promise.all(
    ids.map(async (id) => {
      await room.pause(10)
      const person = await room.enter(id)
      await room.pause(10)
      person.mesh.start()
      void room.pause(80).then(() => person.mesh.addTrack(track(`cam ${id}`)))
      void room.pause(160).then(() => person.mesh.addTrack(track(`screen ${id}`)))
      return person
    }),
  )
  await room.settle()
  return people
}

function expectAllSeen(people: Person[], seed: number): void {
  for (const { channel, mesh, tracks, errors } of people) {
    const others = ids.filter((id) => id !== channel.id)
    const states = [...mesh.connections.values()].map(({ signalingState }) => signalingState)
    const expectedTracks = others.flatMap((id) => [`cam ${id} of ${id}`, `screen ${id} of ${id}`]).toSorted()
    expect({ seed, tracks: tracks.toSorted(), states, errors }).toEqual({
      seed,
      tracks: expectedTracks,
      states: others.map(() => 'stable'),
      errors: [],
    })
  }
}

const first = new Random().seed

test('six participants who enter at once all see each other, whatever the order and delays of their signals', async () => {
  for (let seed = first; seed < first + 60; seed += 1) expectAllSeen(await enterAtOnce(seed), seed)
})

test('six participants all see each other if the node refuses one signal in ten for a temporary reason', async () => {
  for (let seed = first; seed < first + 30; seed += 1) expectAllSeen(await enterAtOnce(seed, 0.1), seed)
})
