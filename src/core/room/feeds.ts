import { inBackground } from '../background.ts'
import { doAll } from '../concurrency.ts'
import type { RoomId } from '../model.ts'
import type { Store } from '../ports/store.ts'
import { Feed, type FeedEvents } from './feed.ts'

/** How many entries are read from a log at a time. */
const logPageEntries = 256

export type FeedsEvents = Omit<FeedEvents, 'gap' | 'leapt'>

/** Called when the store may have lost its newest writes. */
export type LossEvents = {
  /** Restores the room's sessions in the store. Runs before receivers are removed because of a gap. */
  restoreRoom: (room: RoomId) => Promise<void>
  /** The room's numbers continue at `seq`. */
  leapt: (room: RoomId, seq: number) => void
}

/** The feed of a room that is subscribed to, or is about to be. `users`: how many sessions use it. */
type OpenFeed = { users: number; ready: Promise<Feed>; feed?: Feed }

/** The rooms that this node is subscribed to, with a feed for each. A room stays subscribed while a session uses it. */
export class Feeds {
  readonly #open = new Map<RoomId, OpenFeed>()
  /** Rooms that are being unsubscribed: a new use waits until that is done. */
  readonly #closing = new Map<RoomId, Promise<void>>()
  readonly #store: Store
  readonly #node: string
  readonly #pause: () => Promise<void>
  readonly #events: FeedsEvents
  #losses: LossEvents = { restoreRoom: async () => {}, leapt: () => {} }

  constructor(store: Store, node: string, pause: () => Promise<void>, events: FeedsEvents) {
    this.#store = store
    this.#node = node
    this.#pause = pause
    this.#events = events
    store.pubSub.onResubscribed((rooms) =>
      inBackground(
        () => this.catchUp(rooms),
        (error) => events.failed?.(error),
      ),
    )
  }

  onLoss(losses: LossEvents): void {
    this.#losses = losses
  }

  get rooms(): RoomId[] {
    return [...this.#open.keys()]
  }

  /** Whether a session uses the room, or is about to. */
  uses(room: RoomId): boolean {
    return this.#open.has(room)
  }

  /** How many rooms have known entries that are not delivered yet. */
  get behind(): number {
    return [...this.#open.values()].filter(({ feed }) => feed?.hasUndelivered).length
  }

  /** Resolves when the subscription to the room is confirmed (docs/architecture.md#invariants, 4). Each use must be released once. */
  async use(room: RoomId): Promise<Feed> {
    const open = this.#open.get(room) ?? this.#begin(room)
    open.users += 1
    try {
      return await open.ready
    } catch (error) {
      await this.release(room)
      throw error
    }
  }

  async release(room: RoomId): Promise<void> {
    const open = this.#open.get(room)
    if (!open) return
    open.users -= 1
    if (open.users > 0) return
    this.#open.delete(room)
    const closing = this.#end(room, open).finally(() => {
      if (this.#closing.get(room) === closing) this.#closing.delete(room)
    })
    this.#closing.set(room, closing)
    await closing
  }

  /** Compares the positions of feeds with the heads of their rooms: finds entries that pub/sub lost, and writes that the store lost. */
  async catchUp(rooms: RoomId[] = this.rooms): Promise<void> {
    const known = rooms.flatMap((room) => {
      const feed = this.#open.get(room)?.feed
      return feed ? [{ room, feed }] : []
    })
    try {
      await doAll(
        known.map(
          ({ room, feed }) =>
            () =>
              this.#catchUpRoom(room, feed),
        ),
      )
    } catch (error) {
      this.#events.failed?.(error)
    }
  }

  async #catchUpRoom(room: RoomId, feed: Feed): Promise<void> {
    const head = await this.#store.log.leapIfBehind(room, feed.position)
    feed.advanceHead(head)
    // the store has lost the room: restoring its sessions creates it again
    if (head === 0 && feed.position > 0) await this.#losses.restoreRoom(room)
  }

  #begin(room: RoomId): OpenFeed {
    const open: OpenFeed = {
      users: 0,
      ready: Promise.resolve(this.#closing.get(room)).then(() => this.#listen(room, open)),
    }
    this.#open.set(room, open)
    return open
  }

  async #listen(room: RoomId, open: OpenFeed): Promise<Feed> {
    this.#store.roomIndex.touch([room]).catch((error) => this.#events.failed?.(error)) // the list may lag
    await this.#store.nodes.trackRooms(this.#node, [room])
    let early = 0 // the highest seq that arrived before the feed existed
    await this.#store.pubSub.subscribe(room, (entry) => {
      if (open.feed) open.feed.onEntry(entry)
      else early = Math.max(early, entry.seq)
    })
    const [head = 0] = await this.#store.log.heads([room])
    open.feed = new Feed(
      head,
      (after, limit = logPageEntries) => this.#store.log.read(room, after, Math.min(limit, logPageEntries)),
      this.#pause,
      {
        ...this.#events,
        gap: () => this.#losses.restoreRoom(room),
        leapt: (seq) => this.#losses.leapt(room, seq),
      },
    )
    open.feed.advanceHead(early)
    return open.feed
  }

  async #end(room: RoomId, open: OpenFeed): Promise<void> {
    open.feed?.close()
    try {
      await this.#store.pubSub.unsubscribe(room)
      await this.#store.nodes.untrackRoom(this.#node, room)
    } catch (error) {
      this.#events.failed?.(error) // a subscription or a record too many does no harm
    }
  }
}
