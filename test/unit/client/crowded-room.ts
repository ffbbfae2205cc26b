import { SignalboxError } from '../../../src/client/errors.ts'
import { MeshChannel, type Signal } from '../../../src/client/mesh/channel.ts'
import type { Random } from '../../support/random.ts'
import { FakeClock } from './fake-clock.ts'
import { Person } from './mesh-room.ts'

type Entry = { joined: string } | { from: string; to: string; signal: Signal }

const tick = () => new Promise((resolve) => setImmediate(resolve))

/**
 * A room as the server keeps it: a log, which each participant reads at its own speed. The requests of a participant arrive in order,
 * each after some time. With the probability `refusals` a request is refused for a temporary reason.
 */
export class CrowdedRoom {
  readonly clock = new FakeClock()
  readonly #random: Random
  readonly #refusals: number
  readonly #log: Entry[] = []
  readonly #members: string[] = []
  readonly #reading: Promise<void>[] = []
  #pending = 0
  #isOver = false

  constructor(random: Random, refusals = 0) {
    this.#random = random
    this.#refusals = refusals
  }

  async enter(id: string): Promise<Person> {
    const others = [...this.#members]
    this.#members.push(id)
    this.#log.push({ joined: id })
    const position = this.#log.length
    const channel = new MeshChannel('earlier', this.#requestsOf(id))
    await this.pause(8)
    channel.entered(id, others, undefined)
    this.#reading.push(this.#read(channel, position))
    return new Person(channel, this.clock)
  }

  /** Waits for a random number of turns of the event loop, at most `turns`. */
  async pause(turns: number): Promise<void> {
    this.#pending += 1
    for (let left = Math.floor(this.#random.next() * turns); left > 0; left -= 1) await tick()
    this.#pending -= 1
  }

  /** Resolves when no request is on its way and no client has a request to repeat. */
  async settle(): Promise<void> {
    for (let calm = 0, before = -1; calm < 8; ) {
      for (let turns = 0; turns < 30; turns += 1) await tick()
      await this.clock.pass(4000)
      calm = before === this.#log.length && this.#pending === 0 ? calm + 1 : 0
      before = this.#log.length
    }
    this.#isOver = true
    await Promise.all(this.#reading)
  }

  #requestsOf(from: string) {
    let last: Promise<unknown> = Promise.resolve()
    return (to: string, signal: Signal): Promise<unknown> => {
      const copy = structuredClone(signal)
      const arrived = last.then(() => this.pause(6))
      last = arrived
      return arrived.then(() => {
        if (this.#random.chance(this.#refusals)) throw new SignalboxError('unavailable')
        this.#log.push({ from, to, signal: copy })
      })
    }
  }

  async #read(channel: MeshChannel, from: number): Promise<void> {
    for (let position = from; !this.#isOver; ) {
      const entry = this.#log[position]
      await (entry ? this.pause(5) : tick())
      if (!entry) continue
      position += 1
      if ('joined' in entry) channel.joined(entry.joined)
      else if (entry.to === channel.id) channel.receive(entry.from, entry.signal)
    }
  }
}
