import { expect, onTestFailed } from 'vitest'
import { connect } from './client.ts'
import { Ledger } from './ledger.ts'
import { newRoom } from './node.ts'
import { Random } from './random.ts'
import { type Address, ResilientClient, type ResilientClientOptions } from './resilient-client.ts'

export type TrafficOptions = {
  /** The running nodes. A test that stops or starts nodes changes this list. */
  nodes: readonly Address[]
  /** The nodes for the logins, in rotation; by default `nodes`. */
  loginNodes?: readonly Address[]
  clients: number
  /** RECONNECT_WINDOW, s. */
  window: number
  random?: Random
  /** How the clients send, in rotation. */
  inFlight?: ResilientClientOptions['inFlight'][]
} & Pick<ResilientClientOptions, 'waits' | 'resumeTimeoutMs' | 'suffixes'>

/** Sends messages at random until it is stopped. */
export type Flow = {
  /** Resolves when all messages are acked. */
  stop(): Promise<void>
}

/** Clients of one room that are connected to any nodes, and send to each other and to all. */
export class Traffic {
  readonly ledger = new Ledger()
  readonly room = newRoom()
  readonly clients: ResilientClient[]
  readonly random: Random
  readonly #window: number

  private constructor(options: TrafficOptions) {
    const {
      nodes,
      clients,
      window,
      random = new Random(),
      inFlight = ['many'],
      waits,
      resumeTimeoutMs,
      suffixes,
    } = options
    const shared = {
      ledger: this.ledger,
      random,
      room: this.room,
      nodes: () => nodes,
      waits,
      resumeTimeoutMs,
      suffixes,
    }
    this.random = random
    this.#window = window
    this.clients = Array.from(
      { length: clients },
      (_, index) =>
        new ResilientClient({
          ...shared,
          user: `user ${index}`,
          inFlight: inFlight[index % inFlight.length] ?? 'many',
        }),
    )
    onTestFailed(() => console.error(`Repeat with SIGNALBOX_SEED=${random.seed}\n${this.#describe()}`))
  }

  /** Logs all clients in, evenly distributed over the nodes. */
  static async start(options: TrafficOptions): Promise<Traffic> {
    const { nodes, loginNodes = nodes } = options
    const traffic = new Traffic(options)
    await Promise.all(
      traffic.clients.map((client, index) => client.login(loginNodes[index % loginNodes.length] as Address)),
    )
    return traffic
  }

  /** The clients that are in the room or resume. */
  get present(): ResilientClient[] {
    return this.clients.filter(({ dismissed }) => !dismissed)
  }

  /** The clients that are connected to a node. */
  on(node: Address): ResilientClient[] {
    return this.present.filter((client) => client.node === node)
  }

  /** Sends one message, a quarter of the time to all, else to one client. Resolves when it is acked. */
  sendOne(sender = this.random.pick(this.present)): Promise<void> {
    const others = this.present.filter((other) => other !== sender)
    return sender.send(this.random.chance(0.25) ? 'all' : this.random.pick(others).id)
  }

  /** Each client sends one message to all. Resolves when all messages have arrived. */
  async sendRound(): Promise<void> {
    await Promise.all(this.present.map((client) => client.send('all')))
    await this.ledger.complete()
  }

  flow(perSecond = 150): Flow {
    const timer = setInterval(() => void this.sendOne(), 1000 / perSecond)
    return {
      stop: () => {
        clearInterval(timer)
        return this.ledger.allAcked()
      },
    }
  }

  /** Resolves when all clients are in the room, and none on the node `except`. */
  allInRoom(except?: Address): Promise<void> {
    return this.ledger.until('all clients are in the room', () =>
      this.present.every(({ inRoom, node }) => inRoom && node !== except),
    )
  }

  /**
   * Waits until all messages have arrived and checks the roster with a new login. Then all clients but one vanish, and
   * each has to be seen leaving once, when its window ends. Finally verifies the ledger.
   */
  async finish(): Promise<void> {
    await this.ledger.complete()
    await this.sendRound() // any duplicate has arrived before this
    await this.expectRoster()
    const [keeper, ...others] = this.present
    if (!keeper) throw new Error('No client is left')
    for (const other of others) other.vanish()
    await this.untilSeenLeaving(others, keeper)
    await this.expectRoster()
    await keeper.send('all')
    await this.ledger.complete()
    for (const { id } of others) expect(this.ledger.leavesSeenBy(keeper.id, id), 'leaves seen').toBe(1)
    this.ledger.verify()
  }

  /** Resolves when the observer was notified that they left, at the latest 10 s after the window. */
  untilSeenLeaving(gone: { id: string }[], observer: ResilientClient): Promise<void> {
    const seen = () => gone.every(({ id }) => this.ledger.leavesSeenBy(observer.id, id) > 0)
    return this.ledger.until('the observer saw them leave', seen, (this.#window + 10) * 1000)
  }

  #describe(): string {
    const absent = this.present.filter(({ inRoom }) => !inRoom).map(({ id, node }) => `${id} (tries ${node?.url})`)
    return `${this.ledger.summary()}\nnot in the room: ${absent.join(', ') || 'none'}`
  }

  /** Checks that the roster of a new login has each present client once, and no other participant. */
  async expectRoster(): Promise<void> {
    const client = await connect(this.#anyNode().url)
    const joined = await client.login({ room: this.room, user: 'guest' })
    const { id } = joined
    const roster = joined.room.participants.map((participant) => participant.id)
    expect(roster.toSorted()).toEqual([...this.present.map((client) => client.id), id].toSorted())
    await client.request('logout')
    client.socket.disconnect()
  }

  #anyNode(): Address {
    const { node } = this.present[0] ?? {}
    if (!node) throw new Error('No client is left')
    return node
  }
}
