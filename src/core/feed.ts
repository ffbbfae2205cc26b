import { type Entry, follows, isFor, type ParticipantId } from './model.ts'

/** Someone on this node who is told what a room says. */
export interface Receiver {
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
  /** The log could not be read, or `hole` was not done; it will be tried again. */
  failed?: (error: unknown) => void
  /** The log has not got what comes next: done before those aboard are cut from their clients, who then come back. */
  hole?: () => Promise<void>
  /** The room's numbers go on at this one, because the store may have lost its newest writes. */
  leapt?: (seq: number) => void
}

/** Reads entries after a position, oldest first. */
export type ReadLog = (after: number) => Promise<Entry[]>

/**
 * One room on one node: turns what the live side tells (which may lose, double, delay and reorder) and what the log
 * knows into each receiver's entries, in order, once (design, invariants 3 to 5).
 */
export class Feed {
  /** The last seq handed to everyone aboard. */
  #position: number
  /** The highest seq that anybody has spoken of. */
  #known: number
  #repairing = false
  #closed = false
  readonly #aboard = new Map<ParticipantId, { receiver: Receiver; from: number }>()
  readonly #read: ReadLog
  readonly #pause: () => Promise<void>
  readonly #events: FeedEvents

  /** @param pause how long to wait before the log is asked again after it could not be read */
  constructor(position: number, read: ReadLog, pause: () => Promise<void>, events: FeedEvents = {}) {
    this.#position = position
    this.#known = position
    this.#read = read
    this.#pause = pause
    this.#events = events
  }

  get position(): number {
    return this.#position
  }

  /** Whether it knows of entries that it has not handed on yet. */
  get behind(): boolean {
    return this.#known > this.#position
  }

  /** A live entry. The next one is handed on; an old one is dropped; a later one shows a gap. */
  hear(entry: Entry): void {
    if (!this.#repairing && follows(entry, this.#position)) {
      this.#known = Math.max(this.#known, entry.seq)
      this.#hand(entry)
    } else this.reach(entry.seq)
  }

  /** Somebody knows that the room has come to `seq`: what is missing up to there is read. */
  reach(seq: number): void {
    this.#known = Math.max(this.#known, seq)
    if (this.#known > this.#position && !this.#repairing && !this.#closed) void this.#repair()
  }

  /**
   * Brings a receiver from `position` to level with the feed, then aboard, in one synchronous step with the last entry.
   * Whoever was aboard under the same id is put off. Resolves when aboard, or given up because `stop` said so.
   */
  async attach(receiver: Receiver, position: number, stop: () => boolean): Promise<void> {
    this.#aboard.delete(receiver.id)
    let from = position
    while (from < this.#position) {
      const entries = await this.#patiently(() => this.#read(from), stop)
      if (entries === undefined || stop()) return
      if (!entries[0] || !follows(entries[0], from)) return receiver.lost()
      let replayed = 0
      for (const entry of entries) {
        if (stop()) return // a receiver may end while it takes
        if (isFor(entry, receiver.id)) {
          await receiver.drained?.()
          if (stop()) return
          receiver.take(entry)
          replayed += 1
        }
        from = entry.seq
      }
      this.#events.replayed?.(replayed)
    }
    if (stop() || this.#closed) return
    this.#aboard.set(receiver.id, { receiver, from })
    this.reach(from)
  }

  detach(receiver: Receiver): void {
    if (this.#aboard.get(receiver.id)?.receiver === receiver) this.#aboard.delete(receiver.id)
  }

  close(): void {
    this.#closed = true
    this.#aboard.clear()
  }

  async #repair(): Promise<void> {
    this.#repairing = true
    while (this.#position < this.#known) {
      const before = this.#position
      const entries = await this.#patiently(
        () => this.#read(before),
        () => this.#closed,
      )
      if (entries === undefined) break
      if (!entries[0] || !follows(entries[0], before)) {
        const next = entries[0]?.seq ?? this.#known + 1 // what is heard meanwhile can be read
        const done = await this.#patiently(this.#beforeHole, () => this.#closed)
        if (!done) break
        this.#giveUp(next)
      }
      for (const entry of entries) this.#hand(entry)
      this.#events.repaired?.(entries.length)
    }
    this.#repairing = false
  }

  readonly #beforeHole = async (): Promise<true> => {
    await this.#events.hole?.()
    return true
  }

  /** The log no longer has what comes next: who needs it has to start anew, and the feed goes on behind the hole. */
  #giveUp(next: number): void {
    const behind = [...this.#aboard.values()].filter(({ from }) => from < next - 1)
    for (const { receiver } of behind) this.#aboard.delete(receiver.id)
    for (const { receiver } of behind) receiver.lost() // while the position still says how far they have come
    this.#position = next - 1
  }

  #hand(entry: Entry): void {
    this.#position = entry.seq
    if (entry.event === 'leap') this.#events.leapt?.(entry.seq)
    else if (entry.to !== undefined) this.#give(entry, entry.to)
    else for (const id of this.#aboard.keys()) if (id !== entry.except) this.#give(entry, id)
  }

  #give(entry: Entry, id: ParticipantId): void {
    const seat = this.#aboard.get(id)
    if (seat && entry.seq > seat.from) seat.receiver.take(entry)
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
