import { doAll } from '../attempts.ts'
import { inBackground } from '../background.ts'
import type { RoomId } from '../model.ts'
import type { State } from '../ports/state.ts'
import { Feed, type FeedEvents } from './feed.ts'

/** How many entries are read from a log at a time. */
const logPageEntries = 256

export type FeedsEvents = Omit<FeedEvents, 'hole' | 'leapt'>

/** What is done where the store has lost its newest writes: the nodes know better then. */
export type LossEvents = {
  /** The store may not know who is connected: told before anybody is cut for it. */
  restoreRoom: (room: RoomId) => Promise<void>
  /** The room's numbers go on at `seq`. */
  leapt: (room: RoomId, seq: number) => void
}

type Open = { users: number; ready: Promise<Feed>; feed?: Feed }

/** The rooms that this node listens to: one feed each, for as long as it has a user. */
export class Feeds {
  readonly #open = new Map<RoomId, Open>()
  /** Rooms being given up; who wants one again waits until that is done. */
  readonly #closing = new Map<RoomId, Promise<void>>()
  readonly #state: State
  readonly #node: string
  readonly #pause: () => Promise<void>
  readonly #events: FeedsEvents
  #losses: LossEvents = { restoreRoom: async () => {}, leapt: () => {} }

  constructor(state: State, node: string, pause: () => Promise<void>, events: FeedsEvents) {
    this.#state = state
    this.#node = node
    this.#pause = pause
    this.#events = events
    state.pubSub.onResubscribed((rooms) =>
      inBackground(
        () => this.level(rooms),
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

  /** Whether the room has a user, or is about to have one. */
  uses(room: RoomId): boolean {
    return this.#open.has(room)
  }

  /** In how many rooms something is known to have been said that was not handed on yet. */
  get behind(): number {
    return [...this.#open.values()].filter(({ feed }) => feed?.behind).length
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

  /** Compares positions with the store: finds what the live side lost when nothing followed it, and what the store lost. */
  async level(rooms: RoomId[] = this.rooms): Promise<void> {
    const known = rooms.flatMap((room) => {
      const feed = this.#open.get(room)?.feed
      return feed ? [{ room, feed }] : []
    })
    try {
      await doAll(
        known.map(
          ({ room, feed }) =>
            () =>
              this.#levelOne(room, feed),
        ),
      )
    } catch (error) {
      this.#events.failed?.(error)
    }
  }

  async #levelOne(room: RoomId, feed: Feed): Promise<void> {
    const [position = 0] = await this.#state.log.heads([room], [feed.position])
    feed.advanceHead(position)
    // one that was there, and is not: vouching for those who are in it makes it anew
    if (position === 0 && feed.position > 0) await this.#losses.restoreRoom(room)
  }

  #begin(room: RoomId): Open {
    const open: Open = {
      users: 0,
      ready: Promise.resolve(this.#closing.get(room)).then(() => this.#listen(room, open)),
    }
    this.#open.set(room, open)
    return open
  }

  async #listen(room: RoomId, open: Open): Promise<Feed> {
    this.#state.rooms.touch([room]).catch((error) => this.#events.failed?.(error)) // a list may lag behind
    await this.#state.nodes.trackRooms(this.#node, [room])
    let early = 0 // the newest entry heard before the feed was there to hear it
    await this.#state.pubSub.subscribe(room, (entry) => {
      if (open.feed) open.feed.onEntry(entry)
      else early = Math.max(early, entry.seq)
    })
    const [position = 0] = await this.#state.log.heads([room])
    open.feed = new Feed(
      position,
      (after, limit = logPageEntries) => this.#state.log.read(room, after, Math.min(limit, logPageEntries)),
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

  async #end(room: RoomId, open: Open): Promise<void> {
    open.feed?.close()
    try {
      await this.#state.pubSub.unsubscribe(room)
      await this.#state.nodes.untrackRoom(this.#node, room)
    } catch (error) {
      this.#events.failed?.(error) // a subscription or note too many does no harm
    }
  }
}
