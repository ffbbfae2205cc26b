import { Exchanger } from '../../../src/client/exchanger.ts'
import { readPayload, writePayload } from './payload.ts'
import type { Group, PoolUser, UserPool } from './user-pool.ts'
import { VirtualUser } from './virtual-user.ts'

export type Negotiation = {
  /** Length of a session description, characters. */
  sdpBytes: number
  /** Number of candidates that each side sends. */
  candidates: number
}

/** A call to another user, at the caller's side. `over` resolves when it is complete or timed out. */
type Call = { started: number; answered: boolean; candidates: number; done: () => void; over: Promise<void> }

/** The time between two trickled candidates. */
const candidateIntervalMs = 20
const callTimeoutMs = 15_000

/** A user of an exchanger channel who calls the users who joined before: offer, answer, and candidates in both directions. */
export class CallUser extends VirtualUser {
  protected readonly client: Exchanger
  readonly #callees: PoolUser[]
  readonly #calls = new Map<string, Call>()
  readonly #answering = new Set<Promise<void>>()
  #negotiation: Negotiation = { sdpBytes: 2000, candidates: 8 }

  constructor(pool: UserPool, group: Group) {
    const callees = [...group.members] // also those who are still joining: of two users one has to call
    super(pool, group)
    this.#callees = callees
    const { connect } = this.monitor
    const token = async () => (await pool.tokens({ room: group.name, user: this.name, role: 'presenter' })) ?? ''
    this.client = new Exchanger({ url: pool.urls, transports: ['websocket'], token, parts: { connect } })
    this.#listen()
  }

  /** Calls until the run finishes. */
  async negotiate(negotiation: Negotiation): Promise<void> {
    this.#negotiation = negotiation
    const intervalMs = 1000 / this.pool.perSecond
    await this.pool.pause(Math.random() * intervalMs)
    while (!this.pool.finishing && this.client.state !== 'closed') {
      const present = this.#callees.filter(({ name }) => this.group.present.has(name))
      await Promise.all(present.map((other) => this.#call(other)))
      await this.pool.pause(intervalMs * (0.5 + Math.random()))
    }
  }

  protected startSession(): Promise<unknown> {
    return this.client.join(this.group.name, this.name)
  }

  protected endSession(): Promise<unknown> {
    return this.client.leave()
  }

  /** Waits for the calls that this user answers or is called in. */
  protected override async whenIdle(): Promise<void> {
    const callers = this.others.filter((other) => other instanceof CallUser)
    await Promise.all([...this.#answering, ...callers.map((caller) => caller.#calls.get(this.name)?.over)])
  }

  #listen(): void {
    const { client } = this
    client.on('userJoinedStream', (user) => this.sawJoin(String(user)))
    client.on('userLeftStream', (user) => this.sawLeave(String(user)))
    client.on('receiveOffer', ({ sdp }) => {
      const other = this.#senderOf(sdp)
      if (!other) return
      const answering = this.#send(other, 'answer').finally(() => this.#answering.delete(answering))
      this.#answering.add(answering)
    })
    client.on('receiveAnswer', ({ sdp }) => {
      const call = this.#calls.get(this.#senderOf(sdp)?.name ?? '')
      if (call) this.#progress(call, { answered: true })
    })
    client.on('receiveCandidate', (candidate) => {
      const call = this.#calls.get(this.#senderOf(candidate?.candidate)?.name ?? '')
      if (call) this.#progress(call, { candidates: call.candidates + 1 })
    })
  }

  /** Records the receipt of a payload. @returns its sender, if still present */
  #senderOf(text: unknown): PoolUser | undefined {
    const payload = readPayload(text)
    if (!payload) return undefined
    this.received(payload.from, payload.number)
    return this.group.present.get(payload.from)
  }

  /** Resolves when the other user has sent its answer and all candidates, or at the timeout. */
  async #call(other: PoolUser): Promise<void> {
    let done = () => {}
    const answered = new Promise<void>((resolve) => {
      done = resolve
    })
    const timedOut = new Promise<void>((resolve) => setTimeout(resolve, callTimeoutMs).unref())
    const over = Promise.all([this.#send(other, 'offer'), Promise.race([answered, timedOut])]).then(() => {
      this.#calls.delete(other.name)
    })
    this.#calls.set(other.name, { started: performance.now(), answered: false, candidates: 0, done, over })
    await over
  }

  #progress(call: Call, changes: Partial<Call>): void {
    Object.assign(call, changes)
    if (!call.answered || call.candidates < this.#negotiation.candidates) return
    this.pool.ledger.time('setup', performance.now() - call.started)
    call.done()
  }

  async #send(other: PoolUser, type: 'offer' | 'answer'): Promise<void> {
    const { sdpBytes, candidates } = this.#negotiation
    this.send([other], (number) => {
      const description = { type, sdp: writePayload(this.name, number, sdpBytes) }
      return type === 'offer' ? this.client.offer(description, other.id) : this.client.answer(description, other.id)
    })
    for (let n = 0; n < candidates; n += 1) {
      await new Promise((resolve) => setTimeout(resolve, candidateIntervalMs))
      this.send([other], (number) => {
        const candidate = { candidate: writePayload(this.name, number, 120), sdpMid: '0', sdpMLineIndex: 0 }
        return this.client.candidate(candidate, other.id)
      })
    }
  }
}
