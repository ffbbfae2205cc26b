import type { SignalboxError } from '../../../src/client/errors.ts'
import type { SessionEvents } from '../../../src/client/session-events.ts'
import type { SessionState } from '../../../src/client/session-state.ts'
import { SocketMonitor } from './socket-monitor.ts'
import type { Group, PoolUser, UserPool } from './user-pool.ts'

/** What the clients of all dialects have in common. */
type Client = {
  readonly id: string
  readonly state: SessionState
  on<E extends keyof SessionEvents>(event: E, listener: (...args: SessionEvents[E]) => void): () => void
  close(): void
}

/** The ledger's number for the join of a user. Its messages count up from here, and its leaving is the last number. */
const joinNumber = 0
/** How long a leaving user waits for its pending receipts and acks. */
const settleTimeoutMs = 15_000

/** One virtual user: a client of the SDK that records what it does and receives in the ledger. */
export abstract class VirtualUser {
  readonly name: string
  readonly group: Group
  protected readonly pool: UserPool
  protected readonly monitor: SocketMonitor
  protected abstract readonly client: Client
  /** The number of the last message. */
  #lastNumber = joinNumber
  #leaving = false
  #endedWith: SignalboxError | undefined

  constructor(pool: UserPool, group: Group) {
    this.pool = pool
    this.group = group
    this.name = pool.newName()
    group.members.push(this)
    this.monitor = new SocketMonitor((description) =>
      pool.ledger.fault('duplicated', `${this.name} was sent ${description}`),
    )
  }

  get id(): string {
    return this.client.id
  }

  protected get others(): PoolUser[] {
    return [...this.group.present.values()].filter((user) => user !== this)
  }

  protected abstract startSession(): Promise<unknown>
  protected abstract endSession(): Promise<unknown>

  cut(): void {
    this.monitor.cut()
  }

  /** @throws SignalboxError when the server refuses, or `unreachable` */
  async enter(): Promise<void> {
    const { ledger } = this.pool
    const started = performance.now()
    this.pool.add(this)
    this.#recordSessionEvents()
    ledger.announced(this.name, joinNumber, this.group.present.keys(), { timed: false })
    try {
      await this.startSession()
    } catch (error) {
      ledger.withdraw(this.name, joinNumber)
      ledger.fault('failedLogins', `${this.name} could not log in: ${error instanceof Error ? error.message : error}`)
      this.pool.remove(this)
      throw error
    }
    ledger.time('enter', performance.now() - started)
    ledger.count('logins')
    ledger.loggedIn(this.name)
    this.pool.register(this)
    this.group.present.set(this.name, this)
  }

  /** Waits for pending messages, then ends the session. @throws SignalboxError when the server has ended it before */
  async leave(): Promise<void> {
    const { ledger } = this.pool
    await this.whenIdle()
    this.group.present.delete(this.name)
    await this.#whenConnected()
    await ledger.whenSettled(this.name, settleTimeoutMs)
    if (this.#endedWith) throw this.#endedWith
    this.#leaving = true
    const number = this.#lastNumber + 1
    this.pool.recordLeave(this, number)
    ledger.announced(this.name, number, this.group.present.keys(), { timed: true })
    await this.endSession()
    this.#remove()
  }

  /** Resolves when no other user waits for this one. */
  protected async whenIdle(): Promise<void> {}

  /** Sends one message to those of `to` who are present, and records the outcome. */
  protected send(to: readonly PoolUser[], send: (number: number) => Promise<unknown>): void {
    const { ledger } = this.pool
    const number = ++this.#lastNumber
    const present = to.filter(({ name }) => this.group.present.has(name))
    ledger.sent(
      this.name,
      number,
      present.map(({ name }) => name),
    )
    send(number).then(
      () => ledger.acked(this.name, number),
      (error: SignalboxError) => {
        if (!this.#endedWith) ledger.refused(this.name, number, `${error.code}, ${error.message}`)
      },
    )
  }

  protected received(from: string, number: number): void {
    this.pool.ledger.received(this.name, from, number)
  }

  protected sawJoin(name: string): void {
    if (this.pool.has(name)) this.received(name, joinNumber)
  }

  protected sawLeave(name: string): void {
    const number = this.pool.leaveNumberOf(name)
    if (number !== undefined) this.received(name, number)
    else if (this.pool.has(name)) this.pool.ledger.fault('seenLeaving', `${this.name} saw ${name} leave`)
  }

  #recordSessionEvents(): void {
    const { ledger } = this.pool
    this.client.on('state', (state, before) => {
      if (before === 'connected' && state === 'waiting_for_reconnecting') ledger.disconnected(this.name)
    })
    this.client.on('reconnected', ({ from, to, ms, planned }) => {
      if (from && from.url !== to.url) ledger.count('moves')
      if (planned) return
      ledger.resumed(this.name)
      ledger.time('back', ms)
    })
    this.client.on('resync', () => ledger.fault('resyncs', `${this.name} did not get all missed messages`))
    this.client.on('closed', (reason) => {
      if (reason.code === 'closed' || this.#leaving || this.pool.nameOf(this.id) === undefined) return
      this.#endedWith = reason
      ledger.fault('endedSessions', `${this.name}'s session was ended by the server: ${reason.code}, ${reason.message}`)
      this.group.present.delete(this.name)
      this.#remove()
    })
  }

  /** Resolves when the client is connected or closed, at the latest at the timeout. */
  async #whenConnected(): Promise<void> {
    if (this.client.state === 'connected' || this.#endedWith) return
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, settleTimeoutMs)
      const done = () => {
        clearTimeout(timer)
        resolve()
      }
      this.client.on('reconnected', done)
      this.client.on('closed', done)
    })
  }

  #remove(): void {
    this.pool.remove(this)
    this.pool.ledger.left(this.name)
    this.client.close()
  }
}
