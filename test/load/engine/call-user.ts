import { Exchanger } from '../../../src/client/exchanger.ts'
import { readLetter, writeLetter } from './payload.ts'
import type { Crew, Group } from './user-pool.ts'
import { Person } from './virtual-user.ts'

export type Negotiation = {
  /** Length of a session description. */
  sdpBytes: number
  /** How many candidates each side sends. */
  candidates: number
}

/** One exchange with one other, as the one who calls sees it. */
type Call = { started: number; answered: boolean; candidates: number; done: () => void; over: Promise<void> }

/** How far apart candidates are found, ms. */
const trickle = 20
/** How long a call may take before it is given up, ms. */
const patience = 15_000

/** Someone in a channel who calls those who came before: offer, answer, and candidates both ways. */
export class Caller extends Person {
  protected readonly client: Exchanger
  readonly #earlier: Person[]
  readonly #calls = new Map<string, Call>()
  readonly #answering = new Set<Promise<void>>()
  #negotiation: Negotiation = { sdpBytes: 2000, candidates: 8 }

  constructor(crew: Crew, group: Group) {
    const earlier = [...group.all] // on their way in, perhaps: of two who come together one has to call
    super(crew, group)
    this.#earlier = earlier
    const { connect } = this.tap
    const token = async () => (await crew.tokens({ room: group.name, user: this.name, role: 'presenter' })) ?? ''
    this.client = new Exchanger({ url: crew.urls, transports: ['websocket'], token, parts: { connect } })
    this.#listen()
  }

  /** Until it is time to finish. */
  async negotiate(negotiation: Negotiation): Promise<void> {
    this.#negotiation = negotiation
    const pace = 1000 / this.crew.perSecond
    await this.crew.pause(Math.random() * pace)
    while (!this.crew.finishing && this.client.state !== 'closed') {
      const called = this.#earlier.filter(({ name }) => this.group.present.has(name))
      await Promise.all(called.map((other) => this.#call(other)))
      await this.crew.pause(pace * (0.5 + Math.random()))
    }
  }

  protected goIn(): Promise<unknown> {
    return this.client.join(this.group.name, this.name)
  }

  protected goOut(): Promise<unknown> {
    return this.client.leave()
  }

  /** Nobody is called any more, or answered. */
  protected override async finished(): Promise<void> {
    const callers = this.others.filter((other) => other instanceof Caller)
    await Promise.all([...this.#answering, ...callers.map((caller) => caller.#calls.get(this.name)?.over)])
  }

  #listen(): void {
    const { client } = this
    client.on('userJoinedStream', (user) => this.sawComing(String(user)))
    client.on('userLeftStream', (user) => this.sawLeaving(String(user)))
    client.on('receiveOffer', ({ sdp }) => {
      const other = this.#read(sdp)
      if (!other) return
      const answering = this.#send(other, 'answer').finally(() => this.#answering.delete(answering))
      this.#answering.add(answering)
    })
    client.on('receiveAnswer', ({ sdp }) => {
      const call = this.#calls.get(this.#read(sdp)?.name ?? '')
      if (call) this.#progress(call, { answered: true })
    })
    client.on('receiveCandidate', (candidate) => {
      const call = this.#calls.get(this.#read(candidate?.candidate)?.name ?? '')
      if (call) this.#progress(call, { candidates: call.candidates + 1 })
    })
  }

  /** Whom it is from, if that one is there. */
  #read(text: unknown): Person | undefined {
    const letter = readLetter(text)
    if (!letter) return undefined
    this.heard(letter.from, letter.number)
    return this.group.present.get(letter.from)
  }

  /** Resolves when the other has answered with everything. */
  async #call(other: Person): Promise<void> {
    let done = () => {}
    const answered = new Promise<void>((resolve) => {
      done = resolve
    })
    const given = new Promise<void>((resolve) => setTimeout(resolve, patience).unref())
    const over = Promise.all([this.#send(other, 'offer'), Promise.race([answered, given])]).then(() => {
      this.#calls.delete(other.name)
    })
    this.#calls.set(other.name, { started: performance.now(), answered: false, candidates: 0, done, over })
    await over
  }

  #progress(call: Call, news: Partial<Call>): void {
    Object.assign(call, news)
    if (!call.answered || call.candidates < this.#negotiation.candidates) return
    this.crew.ledger.time('setup', performance.now() - call.started)
    call.done()
  }

  async #send(other: Person, type: 'offer' | 'answer'): Promise<void> {
    const { sdpBytes, candidates } = this.#negotiation
    this.say([other], (number) => {
      const description = { type, sdp: writeLetter(this.name, number, sdpBytes) }
      return type === 'offer' ? this.client.offer(description, other.id) : this.client.answer(description, other.id)
    })
    for (let n = 0; n < candidates; n += 1) {
      await new Promise((resolve) => setTimeout(resolve, trickle))
      this.say([other], (number) => {
        const candidate = { candidate: writeLetter(this.name, number, 120), sdpMid: '0', sdpMLineIndex: 0 }
        return this.client.candidate(candidate, other.id)
      })
    }
  }
}
