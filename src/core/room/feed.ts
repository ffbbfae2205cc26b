import { inBackground } from '../background.ts'
import { type Entry, follows, isFor, type ParticipantId } from '../model.ts'

/** A session, as a feed sees it. */
export interface FeedReceiver {
  readonly id: ParticipantId
  receive(entry: Entry): void
  /** During a replay: resolves when the receiver accepts the next entry; undefined if it accepts it now. */
  writable?(): Promise<void> | undefined
  /** The feed has removed the receiver, because it has missed an entry: the log has trimmed it, or `receive` has thrown. */
  entryMissed(): void
}

export type FeedEvents = {
  /** The feed has read entries from the log that pub/sub had not delivered. */
  repaired?: (entries: number) => void
  /** Entries were replayed to a receiver. */
  replayed?: (entries: number) => void
  /** A read of the log or `gap` failed, and will be retried; or a receiver has thrown, and was removed. */
  failed?: (error: unknown) => void
  /** The log does not have the next entry. Runs before the receivers that need it are removed. */
  gap?: () => Promise<void>
  /** The room's numbers continue at `seq`, because the store may have lost its newest writes. */
  leapt?: (seq: number) => void
}

/** Reads entries after a seq, the oldest first: at most `limit`, or as many as the log returns at a time. */
export type ReadLog = (after: number, limit?: number) => Promise<Entry[]>

/** A replay begins with reads of so many entries, and doubles the number while its receiver accepts them all. */
const minReadEntries = 32

/** The result of one read of a replay. */
type Replayed = {
  /** The seq up to which the receiver has everything that is meant for it. */
  upTo: number
  /** How many entries it has received. */
  entries: number
  /** Resolves when the replay may continue; undefined: at once. */
  writable: Promise<void> | undefined
}

/**
 * The entries of one room on one node. Pub/sub may lose, duplicate, delay and reorder them; with the log, the feed delivers each entry
 * once and in order to each receiver (docs/architecture.md#invariants, 3 to 5).
 */
export class Feed {
  /** The last seq that was delivered to all live receivers. */
  #position: number
  /** The highest seq that is known to exist. */
  #head: number
  #repairing = false
  #closed = false
  readonly #live = new Map<ParticipantId, { receiver: FeedReceiver; after: number }>()
  readonly #read: ReadLog
  readonly #pause: () => Promise<void>
  readonly #events: FeedEvents

  /** @param pause runs after a failed read, before the next one */
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

  /** Whether known entries are not delivered yet. */
  get hasUndelivered(): boolean {
    return this.#head > this.#position
  }

  /** An entry from pub/sub. The next one is delivered, an old one is ignored, and a later one shows a gap. */
  onEntry(entry: Entry): void {
    if (!this.#repairing && follows(entry, this.#position)) {
      this.#head = Math.max(this.#head, entry.seq)
      this.#deliver(entry)
    } else this.advanceHead(entry.seq)
  }

  /** The room has entries up to `seq`: reads the missing ones from the log. */
  advanceHead(seq: number): void {
    this.#head = Math.max(this.#head, seq)
    if (this.#head <= this.#position || this.#repairing || this.#closed) return
    inBackground(
      () => this.#repair(),
      (error) => this.#events.failed?.(error),
    )
  }

  /**
   * Replays the entries after a seq to a receiver, and makes it live in the same synchronous step as the last of them.
   * Replaces the receiver with the same id. Resolves when the receiver is live, removed, or stopped by `isStopped`.
   */
  async addReceiver(receiver: FeedReceiver, after: number, isStopped: () => boolean): Promise<void> {
    this.#live.delete(receiver.id)
    let replayedUpTo = after
    let limit = minReadEntries
    while (replayedUpTo < this.#position) {
      const replayed = await this.#replay(receiver, replayedUpTo, limit, isStopped)
      if (!replayed) return
      replayedUpTo = replayed.upTo
      limit = replayed.writable ? Math.max(minReadEntries, replayed.entries * 2) : limit * 2
      await replayed.writable
      if (isStopped()) return
    }
    if (isStopped() || this.#closed) return
    this.#live.set(receiver.id, { receiver, after: replayedUpTo })
    this.advanceHead(replayedUpTo)
  }

  /**
   * Delivers entries after a seq until the receiver has to wait. Entries that were read and not delivered are discarded, so that a
   * slow receiver does not hold a page of the log in memory.
   * @returns undefined if the receiver was removed or stopped
   */
  async #replay(
    receiver: FeedReceiver,
    after: number,
    limit: number,
    isStopped: () => boolean,
  ): Promise<Replayed | undefined> {
    const read = await this.#retrying(() => this.#read(after, limit), isStopped)
    if (read === undefined || isStopped()) return undefined
    if (!read[0] || !follows(read[0], after)) {
      this.#reportMissed(receiver)
      return undefined
    }
    const replayed: Replayed = { upTo: after, entries: 0, writable: undefined }
    for (const entry of read) {
      if (isStopped()) return undefined // the receiver may have ended in `receive`
      if (isFor(entry, receiver.id)) {
        replayed.writable = receiver.writable?.()
        if (replayed.writable) break
        if (!this.#handTo(entry, receiver)) return undefined
        replayed.entries += 1
      }
      replayed.upTo = entry.seq
    }
    this.#events.replayed?.(replayed.entries)
    return replayed
  }

  removeReceiver(receiver: FeedReceiver): void {
    if (this.#live.get(receiver.id)?.receiver === receiver) this.#live.delete(receiver.id)
  }

  close(): void {
    this.#closed = true
    this.#live.clear()
  }

  /** Delivers entries of the log until the position is at the head. Retries failed reads. */
  async #repair(): Promise<void> {
    this.#repairing = true
    try {
      while (this.#position < this.#head) {
        const before = this.#position
        const entries = await this.#retrying(
          () => this.#read(before),
          () => this.#closed,
        )
        if (entries === undefined || !(await this.#deliverAll(entries, before))) break
      }
    } finally {
      this.#repairing = false // in the same step as the last comparison with the head
    }
  }

  /** Delivers what was read after `before`. @returns false: the feed is closed */
  async #deliverAll(entries: Entry[], before: number): Promise<boolean> {
    if (!entries[0] || !follows(entries[0], before)) {
      const next = entries[0]?.seq ?? this.#head + 1 // entries that arrive meanwhile can be read
      await this.#retrying(
        async () => this.#events.gap?.(),
        () => this.#closed,
      )
      if (this.#closed) return false
      this.#skipTo(next)
    }
    for (const entry of entries) this.#deliver(entry)
    this.#events.repaired?.(entries.length)
    return true
  }

  /** The log has trimmed the entries before `next`: removes the receivers that need them, and skips them. */
  #skipTo(next: number): void {
    const needing = [...this.#live.values()].filter(({ after }) => after < next - 1)
    for (const { receiver } of needing) this.#live.delete(receiver.id)
    for (const { receiver } of needing) this.#reportMissed(receiver) // before the position moves, because their sessions read it
    this.#position = next - 1
  }

  #deliver(entry: Entry): void {
    this.#position = entry.seq
    if (entry.event === 'leap') this.#events.leapt?.(entry.seq)
    else if (entry.to !== undefined) this.#deliverTo(entry, entry.to)
    else for (const id of this.#live.keys()) if (id !== entry.except) this.#deliverTo(entry, id)
  }

  #deliverTo(entry: Entry, id: ParticipantId): void {
    const live = this.#live.get(id)
    if (live && entry.seq > live.after) this.#handTo(entry, live.receiver)
  }

  /** A receiver that throws misses an entry, so it is removed, and its client has to resume. */
  #handTo(entry: Entry, receiver: FeedReceiver): boolean {
    try {
      receiver.receive(entry)
      return true
    } catch (error) {
      this.removeReceiver(receiver)
      this.#events.failed?.(error)
      this.#reportMissed(receiver)
      return false
    }
  }

  #reportMissed(receiver: FeedReceiver): void {
    try {
      receiver.entryMissed()
    } catch (error) {
      this.#events.failed?.(error)
    }
  }

  async #retrying<T>(work: () => Promise<T>, isStopped: () => boolean): Promise<T | undefined> {
    while (!isStopped()) {
      try {
        return await work()
      } catch (error) {
        this.#events.failed?.(error)
        await this.#pause()
      }
    }
    return undefined
  }
}
