import { type Counter, type Counts, type LoadState, type Timing, timings, zeroCounts } from './counters.ts'
import { Histogram } from './histogram.ts'

export type LedgerOptions = {
  /** The current time, ms since any fixed moment. */
  now: () => number
  /** A receipt that takes more ms is late. */
  lateMs: number
  /** Called with every increase of a counter, and with every measured time. */
  onCount?: (counter: Counter, by: number) => void
  onTime?: (timing: Timing, ms: number) => void
}

/** One message. The numbers of a sender rise in the order of sending. */
type Message = {
  from: string
  number: number
  at: number
  /** The sender was disconnected, so the message's times do not show the server's latency. */
  excludedFromTimes: boolean
  /** Whether its delivery is timed. */
  timed: boolean
  acked: boolean
  /** Receivers who do not have it yet. */
  missing: Set<string>
}

/** What the ledger knows of one user in a room. */
type UserRecord = {
  disconnected: boolean
  /** When it last resumed, as of `now`. */
  resumedAt: number
  /** Number of messages that it has to receive. */
  pendingReceipts: number
  /** Sender → the highest number received from it. */
  lastNumbers: Map<string, number>
  onSettled: (() => void) | undefined
}

/** Limits of what a sample lists. */
const maxIncidents = 30
const maxUndelivered = 5
/** A pending receipt counts as missing after this many times `lateMs`. */
const missingAfterLateFactor = 5

/**
 * Everything that the users sent, got acked and received. The receivers of a message are those in the room when it is
 * sent; each has to receive it exactly once, unless it leaves first.
 */
export class Ledger {
  readonly counts: Counts = zeroCounts()
  readonly incidents: string[] = []
  readonly times = Object.fromEntries(timings.map((name) => [name, new Histogram()])) as { [name in Timing]: Histogram }
  readonly #options: LedgerOptions
  readonly #users = new Map<string, UserRecord>()
  /** Sender → number → message that is not acked yet, or not received by all. */
  readonly #open = new Map<string, Map<number, Message>>()

  constructor(options: LedgerOptions) {
    this.#options = options
  }

  loggedIn(user: string): void {
    this.#users.set(user, {
      disconnected: false,
      resumedAt: -Infinity,
      pendingReceipts: 0,
      lastNumbers: new Map(),
      onSettled: undefined,
    })
  }

  disconnected(user: string): void {
    this.count('cuts')
    const record = this.#users.get(user)
    if (record) record.disconnected = true
    // the client sends unacked messages again when it resumes, so their times are not the server's
    for (const message of this.#open.get(user)?.values() ?? []) if (!message.acked) message.excludedFromTimes = true
  }

  resumed(user: string): void {
    this.count('returns')
    const record = this.#users.get(user)
    if (!record) return
    record.disconnected = false
    record.resumedAt = this.#options.now()
  }

  /** @param to everyone who has to receive it */
  sent(from: string, number: number, to: Iterable<string>): void {
    this.#expect(from, number, to, {
      acked: false,
      timed: true,
      excludedFromTimes: this.#users.get(from)?.disconnected ?? false,
    })
    this.count('sent')
  }

  /** A notification that the server itself sends: a join, untimed, or a leave. */
  announced(from: string, number: number, to: Iterable<string>, { timed }: { timed: boolean }): void {
    this.#expect(from, number, to, { acked: true, timed, excludedFromTimes: false })
  }

  acked(from: string, number: number): void {
    this.count('acked')
    const message = this.#open.get(from)?.get(number)
    if (!message) return
    message.acked = true
    if (!message.excludedFromTimes) this.time('ack', this.#options.now() - message.at)
    this.#closeIfComplete(message)
  }

  /** The server refused the message; no user has to receive it. */
  refused(from: string, number: number, why: string): void {
    this.count('refused')
    this.incident(`${from}'s message ${number} was refused: ${why}`)
    this.withdraw(from, number)
  }

  /** The message is not sent after all; no user has to receive it. */
  withdraw(from: string, number: number): void {
    const message = this.#open.get(from)?.get(number)
    if (!message) return
    message.acked = true
    for (const user of [...message.missing]) this.#removeReceiver(message, user)
    this.#closeIfComplete(message)
  }

  received(user: string, from: string, number: number): void {
    const record = this.#users.get(user)
    if (!record) return
    const message = this.#open.get(from)?.get(number)
    const pending = message?.missing.has(user) ?? false
    const last = record.lastNumbers.get(from) ?? -1
    if (number <= last && !pending) {
      this.fault('duplicated', `${user} received ${from}'s message ${number} again`)
      return
    }
    if (number <= last) this.fault('outOfOrder', `${user} received ${from}'s message ${number} after ${last}`)
    else record.lastNumbers.set(from, number)
    this.count('delivered')
    if (message && pending) this.#recordDelivery(message, user, record)
  }

  /** Resolves when the user has received all of its messages and all that it sent are acked, at the latest after `ms`. */
  whenSettled(user: string, ms: number): Promise<void> {
    const record = this.#users.get(user)
    if (!record || this.#isSettled(user, record)) return Promise.resolve()
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, ms)
      record.onSettled = () => {
        clearTimeout(timer)
        resolve()
      }
    })
  }

  /** The user left: its pending receipts are lost, and it has to receive nothing more. */
  left(user: string): void {
    const record = this.#users.get(user)
    if (!record) return
    for (const message of record.pendingReceipts > 0 ? this.#messages() : []) {
      if (!message.missing.has(user)) continue
      const { from, number, acked } = message
      this.#removeReceiver(message, user)
      this.fault('lost', `${user} did not receive ${from}'s message ${number}, which was ${acked ? '' : 'not '}acked`)
      this.#closeIfComplete(message)
    }
    this.#users.delete(user)
    this.count('leaves')
  }

  state(): LoadState {
    const overdueBefore = this.#options.now() - this.#options.lateMs * missingAfterLateFactor
    const state = { users: this.#users.size, disconnected: 0, pending: 0, missing: 0 }
    for (const { disconnected } of this.#users.values()) state.disconnected += disconnected ? 1 : 0
    for (const { at, missing } of this.#messages()) {
      state.pending += missing.size
      if (at < overdueBefore) for (const user of missing) state.missing += this.#users.get(user)?.disconnected ? 0 : 1
    }
    return state
  }

  /** The first pending receipts, as sentences. */
  undelivered(): string[] {
    const sentences: string[] = []
    for (const { from, number, missing } of this.#messages()) {
      for (const user of missing) {
        if (sentences.length === maxUndelivered) return sentences
        sentences.push(`${user} has not received ${from}'s message ${number}`)
      }
    }
    return sentences
  }

  count(counter: Counter, by = 1): void {
    this.counts[counter] += by
    this.#options.onCount?.(counter, by)
  }

  time(timing: Timing, ms: number): void {
    this.times[timing].record(ms)
    this.#options.onTime?.(timing, ms)
  }

  fault(counter: Counter, sentence: string): void {
    this.count(counter)
    this.incident(sentence)
  }

  incident(sentence: string): void {
    if (this.incidents.length < maxIncidents) this.incidents.push(sentence)
  }

  #expect(
    from: string,
    number: number,
    to: Iterable<string>,
    options: Pick<Message, 'acked' | 'timed' | 'excludedFromTimes'>,
  ): void {
    const missing = new Set<string>()
    for (const user of to) {
      const record = this.#users.get(user)
      if (!record) continue
      record.pendingReceipts += 1
      missing.add(user)
    }
    const messages = this.#open.get(from) ?? new Map<number, Message>()
    const message = { from, number, at: this.#options.now(), ...options, missing }
    this.#open.set(from, messages.set(number, message))
    this.#closeIfComplete(message)
  }

  *#messages(): Iterable<Message> {
    for (const messages of this.#open.values()) yield* messages.values()
  }

  #recordDelivery(message: Message, user: string, record: UserRecord): void {
    const ms = this.#options.now() - message.at
    if (message.excludedFromTimes || record.disconnected || record.resumedAt >= message.at) this.count('caughtUp')
    else if (message.timed) {
      this.time('delivery', ms)
      if (ms > this.#options.lateMs) this.count('late')
    }
    this.#removeReceiver(message, user)
    this.#closeIfComplete(message)
  }

  #removeReceiver(message: Message, user: string): void {
    message.missing.delete(user)
    const record = this.#users.get(user)
    if (!record) return
    record.pendingReceipts -= 1
    this.#resolveIfSettled(user, record)
  }

  #closeIfComplete({ from, number, acked, missing }: Message): void {
    const messages = this.#open.get(from)
    if (!acked || missing.size > 0 || !messages) return
    messages.delete(number)
    if (messages.size === 0) this.#open.delete(from)
    const record = this.#users.get(from)
    if (record) this.#resolveIfSettled(from, record)
  }

  #resolveIfSettled(user: string, record: UserRecord): void {
    if (!record.onSettled || !this.#isSettled(user, record)) return
    record.onSettled()
    record.onSettled = undefined
  }

  #isSettled(user: string, { pendingReceipts }: UserRecord): boolean {
    return pendingReceipts === 0 && ![...(this.#open.get(user)?.values() ?? [])].some(({ acked }) => !acked)
  }
}
