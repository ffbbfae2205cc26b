import { expect, onTestFailed } from 'vitest'
import { connect } from './client.ts'
import { Ledger } from './ledger.ts'
import { newRoom } from './node.ts'
import { Random } from './random.ts'
import { type Address, Roamer, type RoamerOptions } from './resilient-client.ts'

export type TrafficOptions = {
  /** The nodes that are there; those that go and come are taken out and put in by the test. */
  nodes: readonly Address[]
  /** Where each client begins, one after the other; `nodes` if not given. */
  begin?: readonly Address[]
  clients: number
  /** RECONNECT_WINDOW, s. */
  window: number
  random?: Random
  /** How the clients send, one after the other. */
  inFlight?: RoamerOptions['inFlight'][]
} & Pick<RoamerOptions, 'waits' | 'staminaMs' | 'suffixes'>

/** Messages that are sent at random until it is stopped. */
export type Flow = {
  /** Resolves when all that was sent is acked. */
  stop(): Promise<void>
}

/** Clients in one room who talk to each other and to all, wherever they are. */
export class Traffic {
  readonly ledger = new Ledger()
  readonly room = newRoom()
  readonly roamers: Roamer[]
  readonly random: Random
  readonly #window: number

  private constructor(options: TrafficOptions) {
    const { nodes, clients, window, random = new Random(), inFlight = ['many'], waits, staminaMs, suffixes } = options
    const shared = { ledger: this.ledger, random, room: this.room, nodes: () => nodes, waits, staminaMs, suffixes }
    this.random = random
    this.#window = window
    this.roamers = Array.from(
      { length: clients },
      (_, index) =>
        new Roamer({ ...shared, user: `user ${index}`, inFlight: inFlight[index % inFlight.length] ?? 'many' }),
    )
    onTestFailed(() => console.error(`Run it again with SIGNALBOX_SEED=${random.seed}\n${this.#account()}`))
  }

  /** Everyone is logged in, evenly over the nodes. */
  static async start(options: TrafficOptions): Promise<Traffic> {
    const { nodes, begin = nodes } = options
    const traffic = new Traffic(options)
    await Promise.all(traffic.roamers.map((roamer, index) => roamer.login(begin[index % begin.length] as Address)))
    return traffic
  }

  /** Those who have not gone for good. */
  get present(): Roamer[] {
    return this.roamers.filter(({ gone }) => !gone)
  }

  on(node: Address): Roamer[] {
    return this.present.filter((roamer) => roamer.node === node)
  }

  /** One message to one other or, every fourth, to all. Resolves when it is acked. */
  say(speaker = this.random.pick(this.present)): Promise<void> {
    const others = this.present.filter((other) => other !== speaker)
    return speaker.say(this.random.chance(0.25) ? 'all' : this.random.pick(others).id)
  }

  /** Everyone says one thing to all. Resolves when it has arrived everywhere. */
  async round(): Promise<void> {
    await Promise.all(this.present.map((roamer) => roamer.say('all')))
    await this.ledger.complete()
  }

  flow(perSecond = 150): Flow {
    const timer = setInterval(() => void this.say(), 1000 / perSecond)
    return {
      stop: () => {
        clearInterval(timer)
        return this.ledger.allAcked()
      },
    }
  }

  /** Resolves when everyone is in the room again, and nobody on a node that is gone. */
  everyoneHome(gone?: Address): Promise<void> {
    return this.ledger.until('everyone is back', () => this.present.every(({ home, node }) => home && node !== gone))
  }

  /**
   * Everything has arrived; a fresh login sees who is there, and nobody else; then all but one vanish, and leave once,
   * when their window is over. At the end the account has to be right.
   */
  async finish(): Promise<void> {
    await this.ledger.complete()
    await this.round() // whatever would come a second time has come before this
    await this.expectRoster()
    const [keeper, ...others] = this.present
    if (!keeper) throw new Error('Nobody is left')
    for (const other of others) other.vanish()
    await this.leave(others, keeper)
    await this.expectRoster()
    await keeper.say('all')
    await this.ledger.complete()
    for (const { id } of others) expect(this.ledger.leavesSeenBy(keeper.id, id), 'leaves seen').toBe(1)
    this.ledger.verify()
  }

  /** Resolves when an observer was told that they left. Nobody stays longer than the window and 10 s. */
  leave(gone: { id: string }[], observer: Roamer): Promise<void> {
    const seen = () => gone.every(({ id }) => this.ledger.leavesSeenBy(observer.id, id) > 0)
    return this.ledger.until('they left', seen, (this.#window + 10) * 1000)
  }

  #account(): string {
    const away = this.present.filter(({ home }) => !home).map(({ id, node }) => `${id} (tries ${node?.url})`)
    return `${this.ledger.summary()}\nnot in the room: ${away.join(', ') || 'nobody'}`
  }

  /** A fresh login sees everyone once, and nobody else. */
  async expectRoster(): Promise<void> {
    const client = await connect(this.#lookout().url)
    const joined = await client.login({ room: this.room, user: 'guest' })
    const { id } = joined
    const there = joined.room.participants.map((participant) => participant.id)
    expect(there.toSorted()).toEqual([...this.present.map((roamer) => roamer.id), id].toSorted())
    await client.request('logout')
    client.socket.disconnect()
  }

  #lookout(): Address {
    const { node } = this.present[0] ?? {}
    if (!node) throw new Error('Nobody is left')
    return node
  }
}
