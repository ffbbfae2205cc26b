import { expect } from 'vitest'

const defaultTimeoutMs = 30_000

type Message = {
  name: string
  from: string
  to: string
  number: number
  acked: boolean
  missing: Set<string>
  /** The first time it was sent, ms of `performance.now()`. */
  sentAt: number
}

/** A message that was received although its sender was refused or disconnected, and did not send it again. */
export type Late = { name: string; sentAt: number; receivedAt: number; receiver: string; receiverResumedAt: number }

/** What one client received. */
type ClientRecord = {
  seq: number
  /** The time of its login or its last resume. */
  resumedAt: number
  received: Set<string>
  /** Sender → the last number received from it. */
  lastNumbers: Map<string, number>
  changes: { [action in 'join' | 'leave']: Map<string, number> }
}

/** The faults by kind, each fault as a sentence. */
export type Verdict = {
  lost: string[]
  duplicated: string[]
  outOfOrder: string[]
  leavesSeen: string[]
  refused: string[]
  /** Received, but never sent in this room. */
  unsent: string[]
}

const noFaults = (): Verdict => ({
  lost: [],
  duplicated: [],
  outOfOrder: [],
  leavesSeen: [],
  refused: [],
  unsent: [],
})

type Waiter = { condition: () => boolean; resolve: () => void; reject: () => void }

/**
 * Everything that the clients of one room sent, got acked and received. Each acked message has to arrive exactly once at
 * every receiver who was present when it was sent. Clients repeat messages until they are acked, so this holds for all.
 */
export class Ledger {
  /** Number of acked messages, and of messages that clients received. */
  acks = 0
  receipts = 0
  /** Number of successful relogins. */
  resumes = 0
  /** Number of requests that were refused as `unavailable`. */
  unavailable = 0
  /** Messages that were received after their sender had withdrawn them. */
  readonly late: Late[] = []
  readonly #clients = new Map<string, ClientRecord>()
  readonly #dismissed = new Set<string>()
  readonly #anyOrder = new Set<string>()
  readonly #sent = new Set<string>()
  readonly #pending = new Map<string, Message>()
  /** Withdrawn by their sender: each may arrive once or not at all. */
  readonly #withdrawn = new Map<string, Message>()
  /** seq → the message or change with this number. It has to be the same for all clients. */
  readonly #order = new Map<number, string>()
  readonly #faults = noFaults()
  readonly #waiters = new Set<Waiter>()

  /** The ids of the clients in the room. */
  get present(): string[] {
    return [...this.#clients.keys()].filter((id) => !this.#dismissed.has(id))
  }

  /** `inOrder`: its messages have to arrive in the order of sending. */
  joined(id: string, seq: number, { inOrder }: { inOrder: boolean }): void {
    if (!inOrder) this.#anyOrder.add(id)
    const changes = { join: new Map(), leave: new Map() }
    this.#clients.set(id, { seq, resumedAt: performance.now(), received: new Set(), lastNumbers: new Map(), changes })
    this.#changed()
  }

  /** The client resumed. */
  resumed(id: string): void {
    const record = this.#clients.get(id)
    if (record) record.resumedAt = performance.now()
    this.resumes += 1
    this.#changed()
  }

  /** The client will not resume, and has to receive nothing more. Its unacked messages may arrive or not. */
  dismiss(id: string): void {
    this.#dismissed.add(id)
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

  /** The sender does not repeat the message although it was not acked. */
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

  received(id: string, seq: number, from: string, number: number): void {
    const name = `${from} ${number}`
    const record = this.#advance(id, seq, name)
    if (!record) return
    if (!this.#sent.has(name)) this.#faults.unsent.push(`${id} received ${name}`)
    if (record.received.has(name)) this.#faults.duplicated.push(`${id} received ${name} again at ${seq}`)
    record.received.add(name)
    if (number < (record.lastNumbers.get(from) ?? 0) && !this.#anyOrder.has(from)) {
      this.#faults.outOfOrder.push(`${id} received ${name} after ${from} ${record.lastNumbers.get(from)}`)
    }
    record.lastNumbers.set(from, number)
    const message = this.#pending.get(name)
    message?.missing.delete(id)
    if (message) this.#settle(message)
    const withdrawn = this.#withdrawn.get(name)
    if (withdrawn) {
      const { sentAt } = withdrawn
      this.late.push({ name, sentAt, receivedAt: performance.now(), receiver: id, receiverResumedAt: record.resumedAt })
    }
    this.receipts += 1
    this.#changed()
  }

  /** A client was notified that a participant joined or left. */
  notified(id: string, seq: number, action: 'join' | 'leave', about: string): void {
    const counts = this.#advance(id, seq, `${action} of ${about}`)?.changes[action]
    if (!counts) return
    counts.set(about, (counts.get(about) ?? 0) + 1)
    if (action === 'leave' && this.#clients.has(about) && !this.#dismissed.has(about))
      this.#faults.leavesSeen.push(`${id} saw ${about} leave at ${seq}`)
    if (action === 'join' && counts.get(about) !== 1)
      this.#faults.duplicated.push(`${id} saw ${about} join again at ${seq}`)
    this.#changed()
  }

  /** The server refused a valid request. */
  refused(id: string, what: string): void {
    if (this.#dismissed.has(id)) return
    this.#faults.refused.push(`${id}: ${what}`)
    for (const { reject } of this.#waiters) reject() // the awaited message will not arrive
  }

  /** A request was refused as `unavailable` and has to be repeated. */
  postponed(): void {
    this.unavailable += 1
    this.#changed()
  }

  /** How often `observer` was notified that `about` left. */
  leavesSeenBy(observer: string, about: string): number {
    return this.#clients.get(observer)?.changes.leave.get(about) ?? 0
  }

  /** Resolves as soon as the condition holds; it is checked at every change. @throws Error with the summary at the timeout or a refusal */
  async until(what: string, condition: () => boolean, ms = defaultTimeoutMs): Promise<void> {
    if (condition()) return
    const error = (why: string) => new Error(`${why}: ${what}\n${this.summary()}`)
    await new Promise<void>((resolve, reject) => {
      const fail = (why: string) => finish(() => reject(error(why)))
      const wait: Waiter = { condition, resolve: () => finish(resolve), reject: () => fail('Refused before') }
      const timer = setTimeout(() => fail(`Not within ${ms} ms`), ms)
      const finish = (settle: () => void) => {
        clearTimeout(timer)
        this.#waiters.delete(wait)
        settle()
      }
      this.#waiters.add(wait)
    })
  }

  /** Resolves when this many more messages have been acked. */
  more(acks: number): Promise<void> {
    const enough = this.acks + acks
    return this.until(`${acks} more acks`, () => this.acks >= enough)
  }

  allAcked(): Promise<void> {
    return this.until('all messages are acked', () => [...this.#pending.values()].every(({ acked }) => acked))
  }

  /** Resolves when all messages are acked and have arrived at all receivers. */
  complete(): Promise<void> {
    return this.until('all messages are acked and have arrived', () => this.#pending.size === 0)
  }

  /** Fails if a message was lost, duplicated, out of order or refused, or a client who resumed was seen leaving. */
  verify(): void {
    expect(this.verdict()).toEqual(noFaults())
  }

  verdict(): Verdict {
    return { ...this.#faults, lost: [...this.#pending.values()].map(describe) }
  }

  #advance(id: string, seq: number, what: string): ClientRecord | undefined {
    const record = this.#clients.get(id)
    if (!record || this.#dismissed.has(id)) return undefined
    if (seq <= record.seq) this.#faults.outOfOrder.push(`${id} was notified of ${seq} (${what}) after ${record.seq}`)
    record.seq = Math.max(record.seq, seq)
    const earlier = this.#order.get(seq)
    if (earlier !== undefined && earlier !== what) this.#faults.outOfOrder.push(`${seq} is ${earlier} and ${what}`)
    this.#order.set(seq, what)
    return record
  }

  #settle(message: Message): void {
    if (message.acked && message.missing.size === 0) this.#pending.delete(message.name)
  }

  #changed(): void {
    for (const { condition, resolve } of this.#waiters) if (condition()) resolve()
  }

  summary(): string {
    const { lost, ...rest } = this.verdict()
    const nonEmpty = Object.entries({ pending: lost, ...rest }).filter(([, list]) => list.length > 0)
    const lines = nonEmpty.map(([what, list]) => `${what} (${list.length}):\n  ${list.slice(0, 8).join('\n  ')}`)
    return [`acks ${this.acks}, receipts ${this.receipts}, unavailable ${this.unavailable}`, ...lines].join('\n')
  }
}

function describe({ name, to, acked, missing }: Message): string {
  return `${name} to ${to}, ${acked ? 'acked' : 'not acked'}, missing at ${missing.size}: ${[...missing].slice(0, 2).join(', ')}`
}
