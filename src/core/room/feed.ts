import { inBackground } from '../background.ts'
import { type Entry, follows, isFor, type ParticipantId } from '../model.ts'

/** Someone on this node who is told what a room says. */
export interface FeedReceiver {
  readonly id: ParticipantId
  take(entry: Entry): void
  /** While it catches up: resolves when it can take more; undefined when it can. */
  drained?(): Promise<void> | undefined
  /** What comes next cannot be given any more: the log has forgotten it. */
  lost(): void
}

export type FeedEvents = {
  /** Entries were found in the log that the live feed had not told. */
  repaired?: (entries: number) => void
  /** Entries were read for one who came back. */
  replayed?: (entries: number) => void
  /** The log could not be read, or `hole` was not done; it will be tried again. Or a receiver failed, and was put off. */
  failed?: (error: unknown) => void
  /** The log has not got what comes next: done before those aboard are cut from their clients, who then come back. */
  gap?: () => Promise<void>
  /** The room's numbers go on at this one, because the store may have lost its newest writes. */
  leapt?: (seq: number) => void
}

/** Reads entries after a position, oldest first, `limit` or fewer; all that the log gives at a time where there is none. */
export type ReadLog = (after: number, limit?: number) => Promise<Entry[]>

/** A replay begins with reads of so many entries, and doubles that while its receiver takes them all. */
const minReadEntries = 32

/** How far a replay came with one read. `drained`: when it may go on, if its receiver has to read first. */
type Replayed = { reached: number; entries: number; drained: Promise<void> | undefined }

/**
 * One room on one node: turns what the live side tells (which may lose, double, delay and reorder) and what the log
 * knows into each receiver's entries, in order, once (docs/architecture.md#invariants, 3 to 5).
 */
export class Feed {
  /** The last seq handed to everyone aboard. */
  #position: number
  /** The highest seq that anybody has spoken of. */
  #head: number
  #repairing = false
  #closed = false
  readonly #live = new Map<ParticipantId, { receiver: FeedReceiver; from: number }>()
  readonly #read: ReadLog
  readonly #pause: () => Promise<void>
  readonly #events: FeedEvents

  /** @param pause how long to wait before the log is asked again after it could not be read */
  constructor(position: number, read: ReadLog, pause: () => Promise<void>, events: FeedEvents = {}) {
    this.#position = position
    this.#head = position
    this.#read = read
    this.#pause = pause
    this.#events = events
  }

  get position(): number {
    return this.#position
  }

  /** Whether it knows of entries that it has not handed on yet. */
  get behind(): boolean {
    return this.#head > this.#position
  }

  /** A live entry. The next one is handed on; an old one is dropped; a later one shows a gap. */
  onEntry(entry: Entry): void {
    if (!this.#repairing && follows(entry, this.#position)) {
      this.#head = Math.max(this.#head, entry.seq)
      this.#deliver(entry)
    } else this.advanceHead(entry.seq)
  }

  /** Somebody knows that the room has come to `seq`: what is missing up to there is read. */
  advanceHead(seq: number): void {
    this.#head = Math.max(this.#head, seq)
    if (this.#head <= this.#position || this.#repairing || this.#closed) return
    inBackground(
      () => this.#repair(),
      (error) => this.#events.failed?.(error),
    )
  }

  /**
   * Brings a receiver from `position` to level with the feed, then aboard, in one synchronous step with the last entry.
   * Whoever was aboard under the same id is put off. Resolves when aboard, or given up because `stop` said so.
   */
  async attach(receiver: FeedReceiver, position: number, stop: () => boolean): Promise<void> {
    this.#live.delete(receiver.id)
    let from = position
    let limit = minReadEntries
    while (from < this.#position) {
      const replayed = await this.#replay(receiver, from, limit, stop)
      if (!replayed) return
      from = replayed.reached
      limit = replayed.drained ? Math.max(minReadEntries, replayed.entries * 2) : limit * 2
      await replayed.drained
      if (stop()) return
    }
    if (stop() || this.#closed) return
    this.#live.set(receiver.id, { receiver, from })
    this.advanceHead(from)
  }

  /**
   * Hands over what comes after a position until the receiver has to wait. What was read and not handed over is not kept
   * for that long: a receiver that reads slowly would cost a page of the log.
   * @returns undefined when the receiver was lost or stopped
   */
  async #replay(
    receiver: FeedReceiver,
    from: number,
    limit: number,
    stop: () => boolean,
  ): Promise<Replayed | undefined> {
    const read = await this.#patiently(() => this.#read(from, limit), stop)
    if (read === undefined || stop()) return undefined
    if (!read[0] || !follows(read[0], from)) {
      receiver.lost()
      return undefined
    }
    const replayed: Replayed = { reached: from, entries: 0, drained: undefined }
    for (const entry of read) {
      if (stop()) return undefined // a receiver may end while it takes
      if (isFor(entry, receiver.id)) {
        replayed.drained = receiver.drained?.()
        if (replayed.drained) break
        if (!this.#pass(entry, receiver)) return undefined
        replayed.entries += 1
      }
      replayed.reached = entry.seq
    }
    this.#events.replayed?.(replayed.entries)
    return replayed
  }

  detach(receiver: FeedReceiver): void {
    if (this.#live.get(receiver.id)?.receiver === receiver) this.#live.delete(receiver.id)
  }

  close(): void {
    this.#closed = true
    this.#live.clear()
  }

  /** What fails in between is tried again when the feed next hears of the room, or is levelled. */
  async #repair(): Promise<void> {
    this.#repairing = true
    try {
      while (this.#position < this.#head) {
        const before = this.#position
        const entries = await this.#patiently(
          () => this.#read(before),
          () => this.#closed,
        )
        if (entries === undefined || !(await this.#deliverAll(entries, before))) break
      }
    } finally {
      this.#repairing = false // in the same step as the last look at `known`
    }
  }

  /** Hands on what was read after `before`. False: the feed is closed. */
  async #deliverAll(entries: Entry[], before: number): Promise<boolean> {
    if (!entries[0] || !follows(entries[0], before)) {
      const next = entries[0]?.seq ?? this.#head + 1 // what is heard meanwhile can be read
      if (!(await this.#patiently(this.#beforeHole, () => this.#closed))) return false
      this.#giveUp(next)
    }
    for (const entry of entries) this.#deliver(entry)
    this.#events.repaired?.(entries.length)
    return true
  }

  readonly #beforeHole = async (): Promise<true> => {
    await this.#events.gap?.()
    return true
  }

  /** The log no longer has what comes next: who needs it has to start anew, and the feed goes on behind the hole. */
  #giveUp(next: number): void {
    const behind = [...this.#live.values()].filter(({ from }) => from < next - 1)
    for (const { receiver } of behind) this.#live.delete(receiver.id)
    for (const { receiver } of behind) this.#lose(receiver) // while the position still says how far they have come
    this.#position = next - 1
  }

  #deliver(entry: Entry): void {
    this.#position = entry.seq
    if (entry.event === 'leap') this.#events.leapt?.(entry.seq)
    else if (entry.to !== undefined) this.#deliverTo(entry, entry.to)
    else for (const id of this.#live.keys()) if (id !== entry.except) this.#deliverTo(entry, id)
  }

  #deliverTo(entry: Entry, id: ParticipantId): void {
    const place = this.#live.get(id)
    if (place && entry.seq > place.from) this.#pass(entry, place.receiver)
  }

  /** A receiver that throws misses an entry, so it is put off: its client has to resume. The others get the entry. */
  #pass(entry: Entry, receiver: FeedReceiver): boolean {
    try {
      receiver.take(entry)
      return true
    } catch (error) {
      this.detach(receiver)
      this.#events.failed?.(error)
      this.#lose(receiver)
      return false
    }
  }

  #lose(receiver: FeedReceiver): void {
    try {
      receiver.lost()
    } catch (error) {
      this.#events.failed?.(error)
    }
  }

  async #patiently<T>(perform: () => Promise<T>, stop: () => boolean): Promise<T | undefined> {
    while (!stop()) {
      try {
        return await perform()
      } catch (error) {
        this.#events.failed?.(error)
        await this.#pause()
      }
    }
    return undefined
  }
}
