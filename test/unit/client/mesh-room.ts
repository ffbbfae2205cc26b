import { expect } from 'vitest'
import type { Clock } from '../../../src/client/clock.ts'
import { MeshChannel, type Signal } from '../../../src/client/mesh/channel.ts'
import { Mesh } from '../../../src/client/mesh/mesh.ts'
import type { Description, MediaTrack } from '../../../src/client/mesh/rtc.ts'
import { FakeClock } from './fake-clock.ts'
import { FakePeerConnection } from './fake-peer-connection.ts'

export const track = (id: string, kind = 'video') => ({ id, kind }) as MediaTrack

/** A room in which signals arrive in order, each one turn of the event loop after it was sent. */
export class Room {
  readonly people = new Map<string, Person>()
  readonly signals: string[] = []
  onTheWay = 0
  /** How often each signal arrives. */
  copies = 1
  /** The id of a participant that receives no signals. */
  unreachable = ''

  enter(id: string): Person {
    const channel = new MeshChannel('earlier', async (to, signal) => this.#carry(id, to, signal))
    channel.entered(id, [...this.people.keys()], undefined)
    for (const other of this.people.values()) other.channel.joined(id)
    const person = new Person(channel)
    this.people.set(id, person)
    return person
  }

  leave(id: string): void {
    this.people.get(id)?.channel.closed()
    this.people.delete(id)
    for (const other of this.people.values()) other.channel.left(id)
  }

  #carry(from: string, to: string, signal: Signal): void {
    this.signals.push(`${from}>${to} ${'description' in signal ? signal.description.type : 'candidate'}`)
    this.onTheWay += 1
    setImmediate(() => {
      this.onTheWay -= 1
      for (let copy = 0; copy < this.copies && to !== this.unreachable; copy += 1)
        this.people.get(to)?.channel.receive(from, signal)
    })
  }

  /** Resolves when no signal is on its way, and none was sent for 30 turns of the event loop. */
  async settle(): Promise<void> {
    for (let calm = 0, before = -1; calm < 30; ) {
      await new Promise((resolve) => setImmediate(resolve))
      calm = before === this.signals.length && this.onTheWay === 0 ? calm + 1 : 0
      before = this.signals.length
    }
  }
}

export class Person {
  readonly channel: MeshChannel
  readonly mesh: Mesh
  readonly made: FakePeerConnection[] = []
  readonly tracks: string[] = []
  readonly errors: unknown[] = []
  readonly network = { change: (_online: boolean) => {} }

  constructor(channel: MeshChannel, clock: Clock = new FakeClock()) {
    this.channel = channel
    this.mesh = new Mesh(channel, {
      clock,
      iceServers: [{ urls: 'stun:fallback' }],
      createPeerConnection: (configuration) => {
        const made = new FakePeerConnection(configuration)
        this.made.push(made)
        return made
      },
      network: {
        onChange: (listener) => {
          this.network.change = listener
          return () => {}
        },
      },
    })
    this.mesh.on('track', (from, { id }) => this.tracks.push(`${id} of ${from}`))
    this.mesh.on('error', (_id, error) => this.errors.push(error))
  }

  to(id: string): FakePeerConnection {
    return this.mesh.connections.get(id) as FakePeerConnection
  }
}

export const sdpOf = (description: Description | null) => JSON.parse(description?.sdp ?? '{}') as { version?: number }

export function stable(...people: Person[]): void {
  for (const { mesh, errors } of people) {
    expect(errors).toEqual([])
    for (const connection of mesh.connections.values()) expect(connection.signalingState).toBe('stable')
  }
}

export async function call(...ids: string[]) {
  const room = new Room()
  const people = ids.map((id) => {
    const person = room.enter(id)
    person.mesh.addTrack(track(`cam ${id}`))
    person.mesh.start()
    return person
  })
  await room.settle()
  return { room, people, at: (index: number) => people[index] as Person }
}
