import type { SignalboxError } from '../../../src/client/errors.ts'
import type { SessionEvents } from '../../../src/client/session-events.ts'
import type { SessionState } from '../../../src/client/session-state.ts'
import { Tap } from './socket-monitor.ts'
import type { Crew, Group } from './user-pool.ts'

/** What a client of any dialect has. */
type Client = {
  readonly id: string
  readonly state: SessionState
  on<E extends keyof SessionEvents>(event: E, listener: (...args: SessionEvents[E]) => void): () => void
  close(): void
}

/** The number under which somebody's coming is told; what is said counts on from there, and leaving comes last. */
const coming = 0
/** How long one waits at the end for what is still to come, ms. */
const patience = 15_000

/** One virtual user: a client of the SDK, and what it tells the ledger. */
export abstract class Person {
  readonly name: string
  readonly group: Group
  protected readonly crew: Crew
  protected readonly tap: Tap
  protected abstract readonly client: Client
  /** The number of the last thing said. */
  #said = coming
  #leaving = false
  #over: SignalboxError | undefined

  constructor(crew: Crew, group: Group) {
    this.crew = crew
    this.group = group
    this.name = crew.newName()
    group.all.push(this)
    this.tap = new Tap((what) => crew.ledger.fault('doubled', `${this.name} was sent ${what}`))
  }

  get id(): string {
    return this.client.id
  }

  protected get others(): Person[] {
    return [...this.group.present.values()].filter((person) => person !== this)
  }

  protected abstract goIn(): Promise<unknown>
  protected abstract goOut(): Promise<unknown>

  cut(): void {
    this.tap.cut()
  }

  /** @throws SignalboxError as the server refuses, or unreachable */
  async enter(): Promise<void> {
    const { ledger } = this.crew
    const started = performance.now()
    this.crew.add(this)
    this.#follow()
    ledger.announced(this.name, coming, this.group.present.keys(), { timed: false })
    try {
      await this.goIn()
    } catch (error) {
      ledger.withdraw(this.name, coming)
      ledger.fault('failedLogins', `${this.name} could not log in: ${error instanceof Error ? error.message : error}`)
      this.crew.remove(this)
      throw error
    }
    ledger.time('enter', performance.now() - started)
    ledger.count('logins')
    ledger.entered(this.name)
    this.crew.known(this)
    this.group.present.set(this.name, this)
  }

  /** Waits for what is still to come, then says goodbye. @throws SignalboxError when the server has ended it before */
  async leave(): Promise<void> {
    const { ledger } = this.crew
    await this.finished()
    this.group.present.delete(this.name)
    await this.#home()
    await ledger.settled(this.name, patience)
    if (this.#over) throw this.#over
    this.#leaving = true
    const number = this.#said + 1
    this.crew.leaving(this, number)
    ledger.announced(this.name, number, this.group.present.keys(), { timed: true })
    await this.goOut()
    this.#gone()
  }

  /** Resolves when nothing is under way that others rely on. */
  protected async finished(): Promise<void> {}

  /** Says one thing to those who are present, and tells the ledger how that went. */
  protected say(to: readonly Person[], send: (number: number) => Promise<unknown>): void {
    const { ledger } = this.crew
    const number = ++this.#said
    const present = to.filter(({ name }) => this.group.present.has(name))
    ledger.sent(
      this.name,
      number,
      present.map(({ name }) => name),
    )
    send(number).then(
      () => ledger.acked(this.name, number),
      (error: SignalboxError) => {
        if (!this.#over) ledger.refused(this.name, number, `${error.code}, ${error.message}`)
      },
    )
  }

  protected heard(from: string, number: number): void {
    this.crew.ledger.heard(this.name, from, number)
  }

  protected sawComing(name: string): void {
    if (this.crew.isHere(name)) this.heard(name, coming)
  }

  protected sawLeaving(name: string): void {
    const number = this.crew.leftAs(name)
    if (number !== undefined) this.heard(name, number)
    else if (this.crew.isHere(name)) this.crew.ledger.fault('seenLeaving', `${this.name} saw ${name} leave`)
  }

  #follow(): void {
    const { ledger } = this.crew
    this.client.on('state', (state, before) => {
      if (before === 'connected' && state === 'waiting_for_reconnecting') ledger.lostConnection(this.name)
    })
    this.client.on('reconnected', ({ from, to, ms, planned }) => {
      if (from && from.url !== to.url) ledger.count('moves')
      if (planned) return
      ledger.cameBack(this.name)
      ledger.time('back', ms)
    })
    this.client.on('resync', () => ledger.fault('resyncs', `${this.name} was not given all that it missed`))
    this.client.on('closed', (reason) => {
      if (reason.code === 'closed' || this.#leaving || this.crew.nameOf(this.id) === undefined) return
      this.#over = reason
      ledger.fault('thrownOut', `${this.name}'s session was ended: ${reason.code}, ${reason.message}`)
      this.group.present.delete(this.name)
      this.#gone()
    })
  }

  /** Resolves when there is a connection, or none comes back in time. */
  async #home(): Promise<void> {
    if (this.client.state === 'connected' || this.#over) return
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, patience)
      const done = () => {
        clearTimeout(timer)
        resolve()
      }
      this.client.on('reconnected', done)
      this.client.on('closed', done)
    })
  }

  #gone(): void {
    this.crew.remove(this)
    this.crew.ledger.gone(this.name)
    this.client.close()
  }
}
