import { type Counter, type Counts, type Standing, type Timing, timed, zeroCounts } from './counters.ts'
import { Histogram } from './histogram.ts'

export type LedgerOptions = {
  /** ms since any fixed moment */
  now: () => number
  /** A receipt that takes longer is late, ms. */
  lateMs: number
  /** Told of every count as it rises, and of every time. */
  onCount?: (counter: Counter, by: number) => void
  onTime?: (timing: Timing, ms: number) => void
}

/** One message: `number` rises per sender, in the order in which it is said. */
type Letter = {
  from: string
  number: number
  at: number
  /** Its times say nothing of the server's: the sender was away. */
  hampered: boolean
  /** Whether a time is read of it at all. */
  timed: boolean
  acked: boolean
  missing: Set<string>
}

/** One who is in a room, as it knows itself. */
type Book = {
  away: boolean
  /** When it last came back. */
  backAt: number
  /** How many receipts it waits for. */
  owed: number
  /** Sender → the highest number heard of it. */
  heard: Map<string, number>
  settled: (() => void) | undefined
}

/** How many incidents are worth telling, and how many receipts that are still to come. */
const most = 30
const mostUnheard = 5
/** A receipt that is so much older than "late" is counted as missing, times. */
const patience = 5

/**
 * What everyone sent, was promised and received. A message is for those who are in the room when it is sent; each of
 * them has to hear it exactly once, unless it leaves first.
 */
export class Ledger {
  readonly counts: Counts = zeroCounts()
  readonly incidents: string[] = []
  readonly times = Object.fromEntries(timed.map((name) => [name, new Histogram()])) as { [name in Timing]: Histogram }
  readonly #options: LedgerOptions
  readonly #books = new Map<string, Book>()
  /** Sender → number → what is not heard everywhere, or not acked yet. */
  readonly #open = new Map<string, Map<number, Letter>>()

  constructor(options: LedgerOptions) {
    this.#options = options
  }

  entered(who: string): void {
    this.#books.set(who, { away: false, backAt: -Infinity, owed: 0, heard: new Map(), settled: undefined })
  }

  lostConnection(who: string): void {
    this.count('cuts')
    const book = this.#books.get(who)
    if (book) book.away = true
    // what was not acked is sent again after the return: its time says nothing of the server's
    for (const letter of this.#open.get(who)?.values() ?? []) if (!letter.acked) letter.hampered = true
  }

  cameBack(who: string): void {
    this.count('returns')
    const book = this.#books.get(who)
    if (!book) return
    book.away = false
    book.backAt = this.#options.now()
  }

  /** @param to everyone who has to hear it */
  sent(from: string, number: number, to: Iterable<string>): void {
    this.#expect(from, number, to, { acked: false, timed: true, hampered: this.#books.get(from)?.away ?? false })
    this.count('sent')
  }

  /** Something that the server tells of its own accord: that somebody came, untimed, or left. */
  announced(from: string, number: number, to: Iterable<string>, { timed }: { timed: boolean }): void {
    this.#expect(from, number, to, { acked: true, timed, hampered: false })
  }

  acked(from: string, number: number): void {
    this.count('acked')
    const letter = this.#open.get(from)?.get(number)
    if (!letter) return
    letter.acked = true
    if (!letter.hampered) this.time('ack', this.#options.now() - letter.at)
    this.#settle(letter)
  }

  /** The server would not; nobody has to hear it. */
  refused(from: string, number: number, why: string): void {
    this.count('refused')
    this.incident(`${from}'s message ${number} was refused: ${why}`)
    this.withdraw(from, number)
  }

  /** It will not be said after all. */
  withdraw(from: string, number: number): void {
    const letter = this.#open.get(from)?.get(number)
    if (!letter) return
    letter.acked = true
    for (const who of [...letter.missing]) this.#receive(letter, who)
    this.#settle(letter)
  }

  heard(who: string, from: string, number: number): void {
    const book = this.#books.get(who)
    if (!book) return
    const letter = this.#open.get(from)?.get(number)
    const owed = letter?.missing.has(who) ?? false
    const last = book.heard.get(from) ?? -1
    if (number <= last && !owed) {
      this.fault('doubled', `${who} heard ${from}'s message ${number} again`)
      return
    }
    if (number <= last) this.fault('outOfOrder', `${who} heard ${from}'s message ${number} after ${last}`)
    else book.heard.set(from, number)
    this.count('delivered')
    if (letter && owed) this.#arrived(letter, who, book)
  }

  /** Resolves when all that one is to hear has come and all that it said is acked, or the time is over. */
  settled(who: string, ms: number): Promise<void> {
    const book = this.#books.get(who)
    if (!book || this.#isSettled(who, book)) return Promise.resolve()
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, ms)
      book.settled = () => {
        clearTimeout(timer)
        resolve()
      }
    })
  }

  /** What it was to hear and has not heard is lost, and nothing has to reach it any more. */
  gone(who: string): void {
    const book = this.#books.get(who)
    if (!book) return
    for (const letter of book.owed > 0 ? this.#letters() : []) {
      if (!letter.missing.has(who)) continue
      const { from, number, acked } = letter
      this.#receive(letter, who)
      this.fault('lost', `${who} never heard ${from}'s message ${number}, which was ${acked ? '' : 'not '}acked`)
      this.#settle(letter)
    }
    this.#books.delete(who)
    this.count('leaves')
  }

  standing(): Standing {
    const longAgo = this.#options.now() - this.#options.lateMs * patience
    const standing = { users: this.#books.size, away: 0, pending: 0, missing: 0 }
    for (const { away } of this.#books.values()) standing.away += away ? 1 : 0
    for (const { at, missing } of this.#letters()) {
      standing.pending += missing.size
      if (at < longAgo) for (const who of missing) standing.missing += this.#books.get(who)?.away ? 0 : 1
    }
    return standing
  }

  /** Some of what is still to come. */
  unheard(): string[] {
    const said: string[] = []
    for (const { from, number, missing } of this.#letters()) {
      for (const who of missing) {
        if (said.length === mostUnheard) return said
        said.push(`${who} has not heard ${from}'s message ${number}`)
      }
    }
    return said
  }

  count(counter: Counter, by = 1): void {
    this.counts[counter] += by
    this.#options.onCount?.(counter, by)
  }

  time(timing: Timing, ms: number): void {
    this.times[timing].note(ms)
    this.#options.onTime?.(timing, ms)
  }

  fault(counter: Counter, sentence: string): void {
    this.count(counter)
    this.incident(sentence)
  }

  incident(sentence: string): void {
    if (this.incidents.length < most) this.incidents.push(sentence)
  }

  #expect(from: string, number: number, to: Iterable<string>, how: Pick<Letter, 'acked' | 'timed' | 'hampered'>): void {
    const missing = new Set<string>()
    for (const who of to) {
      const book = this.#books.get(who)
      if (!book) continue
      book.owed += 1
      missing.add(who)
    }
    const letters = this.#open.get(from) ?? new Map<number, Letter>()
    const letter = { from, number, at: this.#options.now(), ...how, missing }
    this.#open.set(from, letters.set(number, letter))
    this.#settle(letter)
  }

  *#letters(): Iterable<Letter> {
    for (const letters of this.#open.values()) yield* letters.values()
  }

  #arrived(letter: Letter, who: string, book: Book): void {
    const ms = this.#options.now() - letter.at
    if (letter.hampered || book.away || book.backAt >= letter.at) this.count('caughtUp')
    else if (letter.timed) {
      this.time('delivery', ms)
      if (ms > this.#options.lateMs) this.count('late')
    }
    this.#receive(letter, who)
    this.#settle(letter)
  }

  #receive(letter: Letter, who: string): void {
    letter.missing.delete(who)
    const book = this.#books.get(who)
    if (!book) return
    book.owed -= 1
    this.#look(who, book)
  }

  #settle({ from, number, acked, missing }: Letter): void {
    const letters = this.#open.get(from)
    if (!acked || missing.size > 0 || !letters) return
    letters.delete(number)
    if (letters.size === 0) this.#open.delete(from)
    const book = this.#books.get(from)
    if (book) this.#look(from, book)
  }

  #look(who: string, book: Book): void {
    if (!book.settled || !this.#isSettled(who, book)) return
    book.settled()
    book.settled = undefined
  }

  #isSettled(who: string, { owed }: Book): boolean {
    return owed === 0 && ![...(this.#open.get(who)?.values() ?? [])].some(({ acked }) => !acked)
  }
}
