import { expect } from 'vitest'

/** How long anything is waited for, ms, unless it is said otherwise. */
const patience = 30_000

type Message = {
  name: string
  from: string
  to: string
  number: number
  acked: boolean
  missing: Set<string>
  /** When it was sent first; ms of this process' monotonic clock. */
  sentAt: number
}

/** A message that was heard although its sender was refused, or lost its connection, and did not repeat it. */
export type Late = { name: string; sentAt: number; heardAt: number; hearer: string; hearerBackAt: number }

/** What one client got. */
type Book = {
  seq: number
  /** When it came in, or came back last. */
  backAt: number
  heard: Set<string>
  /** Sender → the number last heard of it. */
  numbers: Map<string, number>
  news: { [action in 'join' | 'leave']: Map<string, number> }
}

/** What went wrong, each as a sentence. */
export type Verdict = {
  lost: string[]
  doubled: string[]
  outOfOrder: string[]
  leavesSeen: string[]
  refused: string[]
  /** Heard, but it must not have counted. */
  unasked: string[]
}

const nothingWrong = (): Verdict => ({
  lost: [],
  doubled: [],
  outOfOrder: [],
  leavesSeen: [],
  refused: [],
  unasked: [],
})

type Wait = { isSo: () => boolean; resolve: () => void; reject: () => void }

/**
 * What the clients of one room sent, were promised and received, in their own account. A message that was acked has to
 * arrive exactly once at everyone whom it was for when it was sent; as it is repeated until it is acked, each has to.
 */
export class Ledger {
  /** How many messages were acked, and how many came to somebody. */
  acks = 0
  receipts = 0
  /** How many relogins succeeded. */
  returns = 0
  /** How many requests were refused because the store was away. */
  unavailable = 0
  /** Messages that were heard after their sender had given them up. */
  readonly late: Late[] = []
  readonly #books = new Map<string, Book>()
  readonly #gone = new Set<string>()
  readonly #anyOrder = new Set<string>()
  readonly #sent = new Set<string>()
  readonly #pending = new Map<string, Message>()
  /** Given up by their sender: they may be heard once, or never. */
  readonly #withdrawn = new Map<string, Message>()
  /** Which message has which number of the room: the same for everyone. */
  readonly #order = new Map<number, string>()
  readonly #wrong = nothingWrong()
  readonly #waiting = new Set<Wait>()

  /** Those who are in the room, as they know themselves. */
  get present(): string[] {
    return [...this.#books.keys()].filter((id) => !this.#gone.has(id))
  }

  /** `inOrder`: what it says has to arrive in the order in which it says it. */
  entered(id: string, seq: number, { inOrder }: { inOrder: boolean }): void {
    if (!inOrder) this.#anyOrder.add(id)
    const news = { join: new Map(), leave: new Map() }
    this.#books.set(id, { seq, backAt: performance.now(), heard: new Set(), numbers: new Map(), news })
    this.#changed()
  }

  /** It is back on a connection that stands. */
  returned(id: string): void {
    const book = this.#books.get(id)
    if (book) book.backAt = performance.now()
    this.returns += 1
    this.#changed()
  }

  /** It will not come back, and nothing has to reach it any more. What of it was not acked may arrive or not. */
  dismiss(id: string): void {
    this.#gone.add(id)
    for (const message of this.#pending.values()) {
      message.missing.delete(id)
      if (message.from === id && !message.acked) this.#pending.delete(message.name)
      this.#settle(message)
    }
    this.#changed()
  }

  sent(from: string, number: number, to: string): void {
    const name = `${from} ${number}`
    this.#sent.add(name)
    const missing = new Set(to === 'all' ? this.present : [to])
    this.#pending.set(name, { name, from, to, number, acked: false, missing, sentAt: performance.now() })
  }

  /** Its sender does not repeat it, though it was not acked. */
  withdrawn(from: string, number: number): void {
    const name = `${from} ${number}`
    const message = this.#pending.get(name)
    if (!message) return
    this.#pending.delete(name)
    this.#withdrawn.set(name, message)
    this.#changed()
  }

  acked(from: string, number: number): void {
    const message = this.#pending.get(`${from} ${number}`)
    if (message) {
      message.acked = true
      this.#settle(message)
    }
    this.acks += 1
    this.#changed()
  }

  heard(id: string, seq: number, from: string, number: number): void {
    const name = `${from} ${number}`
    const book = this.#advance(id, seq, name)
    if (!book) return
    if (!this.#sent.has(name)) this.#wrong.unasked.push(`${id} heard ${name}`)
    if (book.heard.has(name)) this.#wrong.doubled.push(`${id} heard ${name} again at ${seq}`)
    book.heard.add(name)
    if (number < (book.numbers.get(from) ?? 0) && !this.#anyOrder.has(from)) {
      this.#wrong.outOfOrder.push(`${id} heard ${name} after ${from} ${book.numbers.get(from)}`)
    }
    book.numbers.set(from, number)
    const message = this.#pending.get(name)
    message?.missing.delete(id)
    if (message) this.#settle(message)
    const withdrawn = this.#withdrawn.get(name)
    if (withdrawn) {
      const { sentAt } = withdrawn
      this.late.push({ name, sentAt, heardAt: performance.now(), hearer: id, hearerBackAt: book.backAt })
    }
    this.receipts += 1
    this.#changed()
  }

  /** Someone was told that somebody came or left. */
  told(id: string, seq: number, action: 'join' | 'leave', about: string): void {
    const news = this.#advance(id, seq, `${action} of ${about}`)?.news[action]
    if (!news) return
    news.set(about, (news.get(about) ?? 0) + 1)
    if (action === 'leave' && this.#books.has(about) && !this.#gone.has(about))
      this.#wrong.leavesSeen.push(`${id} saw ${about} leave at ${seq}`)
    if (action === 'join' && news.get(about) !== 1) this.#wrong.doubled.push(`${id} saw ${about} join again at ${seq}`)
    this.#changed()
  }

  /** The server would not do what it has to. */
  refused(id: string, what: string): void {
    if (this.#gone.has(id)) return
    this.#wrong.refused.push(`${id}: ${what}`)
    for (const { reject } of this.#waiting) reject() // it will not come any more
  }

  /** The store was away, and a request has to be repeated. */
  postponed(): void {
    this.unavailable += 1
    this.#changed()
  }

  /** How many times someone was told that somebody left. */
  leavesSeenBy(observer: string, about: string): number {
    return this.#books.get(observer)?.news.leave.get(about) ?? 0
  }

  /** Resolves as soon as it is so; what the clients report is looked at as it comes. */
  async until(what: string, isSo: () => boolean, ms = patience): Promise<void> {
    if (isSo()) return
    const error = (why: string) => new Error(`${why}: ${what}\n${this.summary()}`)
    await new Promise<void>((resolve, reject) => {
      const fail = (why: string) => finish(() => reject(error(why)))
      const wait: Wait = { isSo, resolve: () => finish(resolve), reject: () => fail('Refused before') }
      const timer = setTimeout(() => fail(`Not within ${ms} ms`), ms)
      const finish = (settle: () => void) => {
        clearTimeout(timer)
        this.#waiting.delete(wait)
        settle()
      }
      this.#waiting.add(wait)
    })
  }

  /** Resolves when so many more messages have been acked: something goes on. */
  more(acks: number): Promise<void> {
    const enough = this.acks + acks
    return this.until(`${acks} more acks`, () => this.acks >= enough)
  }

  allAcked(): Promise<void> {
    return this.until('all that was sent is acked', () => [...this.#pending.values()].every(({ acked }) => acked))
  }

  /** Resolves when everything that was sent was acked, and has arrived everywhere. */
  complete(): Promise<void> {
    return this.until('all sent is acked and has arrived', () => this.#pending.size === 0)
  }

  /** Fails unless nothing was lost, doubled, out of order or refused, and nobody who came back was seen leaving. */
  verify(): void {
    expect(this.verdict()).toEqual(nothingWrong())
  }

  verdict(): Verdict {
    return { ...this.#wrong, lost: [...this.#pending.values()].map(describe) }
  }

  #advance(id: string, seq: number, what: string): Book | undefined {
    const book = this.#books.get(id)
    if (!book || this.#gone.has(id)) return undefined
    if (seq <= book.seq) this.#wrong.outOfOrder.push(`${id} was told ${seq} (${what}) after ${book.seq}`)
    book.seq = Math.max(book.seq, seq)
    const known = this.#order.get(seq)
    if (known !== undefined && known !== what) this.#wrong.outOfOrder.push(`${seq} is ${known} and ${what}`)
    this.#order.set(seq, what)
    return book
  }

  #settle(message: Message): void {
    if (message.acked && message.missing.size === 0) this.#pending.delete(message.name)
  }

  #changed(): void {
    for (const { isSo, resolve } of this.#waiting) if (isSo()) resolve()
  }

  summary(): string {
    const { lost, ...rest } = this.verdict()
    const some = Object.entries({ pending: lost, ...rest }).filter(([, list]) => list.length > 0)
    const lines = some.map(([what, list]) => `${what} (${list.length}):\n  ${list.slice(0, 8).join('\n  ')}`)
    return [`acks ${this.acks}, receipts ${this.receipts}, unavailable ${this.unavailable}`, ...lines].join('\n')
  }
}

function describe({ name, to, acked, missing }: Message): string {
  return `${name} to ${to}, ${acked ? 'acked' : 'not acked'}, missing at ${missing.size}: ${[...missing].slice(0, 2).join(', ')}`
}
