import fc from 'fast-check'
import { type Entry, isFor, type ParticipantId } from '../../../../src/core/model.ts'
import type { SessionConnection } from '../../../../src/core/ports/connection.ts'
import { Feed } from '../../../../src/core/room/feed.ts'
import { Session } from '../../../../src/core/session/session.ts'

/** Everything that can happen to a room's feed, in an order that fast-check generates. `pick` chooses one of the existing items. */
export type Step =
  | { do: 'append'; to?: ParticipantId; except?: ParticipantId }
  | { do: 'arrive'; pick: number }
  | { do: 'lose'; pick: number }
  | { do: 'repeat'; pick: number }
  | { do: 'learn head'; pick: number }
  | ({ do: 'attach'; id: ParticipantId; from: 'top' | 'seen' | number } & Ending)
  | { do: 'detach'; id: ParticipantId }
  | { do: 'answer'; pick: number; late: boolean }
  | { do: 'fail'; pick: number }
  | { do: 'settle' }
  | { do: 'trim'; to: number }

/** When a session ends by itself during a delivery, as the session of a slow client does. */
type Ending = { endsAfter?: number; endsWhenLost?: boolean }

const ids: ParticipantId[] = ['ann', 'bob', 'cem']
const id = fc.constantFrom(...ids)
const pick = fc.nat(15)

const steps = {
  append: fc.oneof(
    { weight: 2, arbitrary: fc.constant({ do: 'append' as const }) },
    fc.record({ do: fc.constant('append' as const), to: id }),
    fc.record({ do: fc.constant('append' as const), except: id }),
  ),
  arrive: fc.record({ do: fc.constant('arrive' as const), pick }),
  lose: fc.record({ do: fc.constant('lose' as const), pick }),
  repeat: fc.record({ do: fc.constant('repeat' as const), pick }),
  learnHead: fc.record({ do: fc.constant('learn head' as const), pick }),
  attach: fc.record(
    {
      do: fc.constant('attach' as const),
      id,
      from: fc.oneof(fc.constant('top' as const), fc.constant('seen' as const), pick),
      endsAfter: fc.integer({ min: 1, max: 4 }),
      endsWhenLost: fc.boolean(),
    },
    { requiredKeys: ['do', 'id', 'from'] },
  ),
  detach: fc.record({ do: fc.constant('detach' as const), id }),
  answer: fc.record({ do: fc.constant('answer' as const), pick, late: fc.boolean() }),
  fail: fc.record({ do: fc.constant('fail' as const), pick }),
  settle: fc.constant({ do: 'settle' as const }),
  trim: fc.record({ do: fc.constant('trim' as const), to: pick }),
}

export function schedules(options: { trims: boolean }): fc.Arbitrary<{ before: number; steps: Step[] }> {
  const step: fc.Arbitrary<Step> = fc.oneof(
    { weight: 8, arbitrary: steps.append },
    { weight: 6, arbitrary: steps.arrive },
    { weight: 2, arbitrary: steps.lose },
    { weight: 2, arbitrary: steps.repeat },
    { weight: 2, arbitrary: steps.learnHead },
    { weight: 5, arbitrary: steps.attach },
    { weight: 2, arbitrary: steps.detach },
    { weight: 6, arbitrary: steps.answer },
    { weight: 2, arbitrary: steps.fail },
    { weight: 6, arbitrary: steps.settle },
    { weight: options.trims ? 2 : 0, arbitrary: steps.trim },
  )
  return fc.record({ before: fc.nat(5), steps: fc.array(step, { maxLength: 60, size: 'max' }) })
}

/** A session and its connection, from an attach until it is replaced, ends or is removed. */
export class Attachment implements SessionConnection {
  readonly open = true
  readonly session: Session
  readonly start: number
  readonly received: Entry[] = []
  wasLost = false
  /** Number of entries and cuts that it received after its end. */
  afterEnd = 0
  readonly #endsAfter: number
  readonly #endsWhenLost: boolean

  constructor(feed: Feed, id: ParticipantId, start: number, { endsAfter, endsWhenLost }: Ending) {
    this.start = start
    this.#endsAfter = endsAfter ?? Number.POSITIVE_INFINITY
    this.#endsWhenLost = endsWhenLost ?? false
    const ref = { room: 'room', id, owner: 'A:1' }
    const member = { id, user: id, role: '', permission: { publish: none, subscribe: none }, profile: {} }
    const token = { id: '', seconds: 0 }
    const tickets = { previous: '', issued: ['ticket'] }
    const delivery = { deliverAfter: start, inDoubtUpTo: 0 }
    const session = { dialect: '', member, ref, token, tickets, ticketConfirmed: false, rid: 0, ...delivery }
    this.session = new Session(session, this, feed)
  }

  get ended(): boolean {
    return this.session.ended
  }

  onLost(): () => void {
    return () => {}
  }

  deliver(entry: Entry): void {
    if (this.ended || this.wasLost) this.afterEnd += 1
    this.received.push(entry)
    if (this.received.length >= this.#endsAfter) this.session.end()
  }

  cut(): void {
    if (this.wasLost) this.afterEnd += 1
    this.wasLost = true
    if (this.#endsWhenLost) this.session.end()
  }

  close(): void {}
}

const none = { audio: false, video: false }

type Read = { after: number; entries: Entry[]; resolve: (entries: Entry[]) => void; reject: (error: Error) => void }

/** A room and its feed on one node. Only steps make something happen. */
export class World {
  readonly log: Entry[] = []
  readonly attachments: Attachment[] = []
  readonly feed: Feed
  #oldest = 1
  #inTransit: Entry[] = []
  #reads: Read[] = []

  constructor(before: number) {
    for (let n = 0; n < before; n += 1) this.#append({})
    this.#inTransit = []
    this.feed = new Feed(this.top, this.#read, async () => {})
  }

  get top(): number {
    return this.log.length
  }

  perform(step: Step): void | Promise<void> {
    switch (step.do) {
      case 'append':
        return this.#append(step)
      case 'arrive':
        return this.#land(step.pick, (entry) => this.feed.onEntry(entry))
      case 'lose':
        return this.#land(step.pick, () => {})
      case 'repeat': {
        const entry = this.log[step.pick % this.top]
        return entry && this.feed.onEntry(entry)
      }
      case 'learn head':
        return this.feed.advanceHead(step.pick % (this.top + 1))
      case 'attach':
        return this.#attach(step)
      case 'detach':
        return void this.#attachmentOf(step.id)?.session.end()
      case 'answer':
        return this.#answer(step.pick, (read) => read.resolve(step.late ? this.#page(read.after) : read.entries))
      case 'fail':
        return this.#answer(step.pick, (read) => read.reject(new Error('unavailable')))
      case 'settle':
        return settle()
      case 'trim':
        this.#oldest = Math.max(this.#oldest, Math.min(step.to, this.top + 1))
    }
  }

  /** Pub/sub delivers nothing more, the feed learns the head, and all reads are answered. */
  async finish(): Promise<void> {
    this.feed.advanceHead(this.top)
    await settle()
    while (this.#reads.length > 0) {
      this.#answer(0, (read) => read.resolve(this.#page(read.after)))
      await settle()
    }
  }

  /** The entries that a session should have received if it were live until now. */
  addressedTo(attachment: Attachment): Entry[] {
    return this.log.filter((entry) => entry.seq > attachment.start && isFor(entry, attachment.session.id))
  }

  #append({ to, except }: { to?: ParticipantId; except?: ParticipantId }): void {
    const entry: Entry = { seq: this.top + 1, at: 0, event: 'text', data: null }
    if (to !== undefined) entry.to = to
    if (except !== undefined) entry.except = except
    this.log.push(entry)
    this.#inTransit.push(entry)
  }

  #land(pick: number, land: (entry: Entry) => void): void {
    const [entry] = this.#inTransit.splice(pick % Math.max(1, this.#inTransit.length), 1)
    if (entry) land(entry)
  }

  /** The previous session ends first, as in a relogin; its connection may still be open. */
  #attach({ id, from, ...ending }: Step & { do: 'attach' }): void {
    const before = this.#attachmentOf(id)?.session
    before?.end()
    const start = from === 'top' ? this.top : from === 'seen' ? (before?.sentSeq ?? this.top) : from % (this.top + 1)
    const attachment = new Attachment(this.feed, id, start, ending)
    this.attachments.push(attachment)
    void attachment.session.startDelivery()
  }

  #attachmentOf(id: ParticipantId): Attachment | undefined {
    return this.attachments.findLast(({ session }) => session.id === id)
  }

  #answer(pick: number, respond: (read: Read) => void): void {
    const [read] = this.#reads.splice(pick % Math.max(1, this.#reads.length), 1)
    if (read) respond(read)
  }

  readonly #read = (after: number): Promise<Entry[]> =>
    new Promise((resolve, reject) => {
      this.#reads.push({ after, entries: this.#page(after), resolve, reject })
    })

  /** A read returns at most three entries, so that most replays take several reads. */
  #page(after: number): Entry[] {
    return this.log.filter(({ seq }) => seq > after && seq >= this.#oldest).slice(0, 3)
  }
}

/** Resolves when all pending promises are settled. */
function settle(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve)
  })
}
