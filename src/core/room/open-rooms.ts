import { inBackground } from '../background.ts'
import { dialectOf, type RoomId } from '../model.ts'
import { Periodic } from '../periodic.ts'
import type { OpenRoomIndex, RoomSize } from '../ports/open-room-index.ts'

export type OpenRoomsEvents = {
  /** Said to everyone in the dialect, wherever they are; may be lost. */
  tell: (rooms: RoomSize[]) => void
  failed?: (error: unknown) => void
}

/** Milliseconds: how often the whole cluster tells the list at most; how often rooms are looked at again, and how old a count may get. */
export type OpenRoomsIntervals = { broadcastMs: number; sweepMs: number; maxCountAgeMs: number }

export const defaultOpenRoomsIntervals: OpenRoomsIntervals = { broadcastMs: 500, sweepMs: 3000, maxCountAgeMs: 10_000 }

/** How many rooms a list names, and how many one sweep counts. */
const maxListedRooms = 500
const maxSweptRooms = 100

/**
 * The open rooms of one dialect, for those who look for one. Coming and going costs a count each, whatever the number of
 * rooms; the list is told at most once per `tell` in the whole cluster, however much happens in between.
 */
export class OpenRooms {
  readonly #index: OpenRoomIndex
  readonly #dialect: string
  readonly #events: OpenRoomsEvents
  readonly #pace: OpenRoomsIntervals
  /** Rooms that could not be counted when they changed. */
  readonly #uncounted = new Set<RoomId>()
  /** Rooms that changed since the list was last told: two counts at the same time may be noted in the wrong order. */
  readonly #recent = new Set<RoomId>()
  #telling: NodeJS.Timeout | undefined
  readonly #sweeps = new Periodic((error) => this.#events.failed?.(error))
  #stopped = false

  constructor(
    openRoomIndex: OpenRoomIndex,
    dialect: string,
    events: OpenRoomsEvents,
    pace = defaultOpenRoomsIntervals,
  ) {
    this.#index = openRoomIndex
    this.#dialect = dialect
    this.#events = events
    this.#pace = pace
  }

  start(): void {
    this.#sweeps.every(this.#pace.sweepMs, () => this.sweep())
  }

  stop(): void {
    this.#stopped = true
    clearTimeout(this.#telling)
    this.#sweeps.stop()
  }

  /** The largest first. @throws unavailable */
  list(): Promise<RoomSize[]> {
    return this.#index.list(this.#dialect, maxListedRooms)
  }

  /** Who is in a room has changed. Resolves when the list says so; rooms of other dialects are not its business. */
  async changed(room: RoomId): Promise<void> {
    if (dialectOf(room) !== this.#dialect || this.#stopped) return
    try {
      this.#uncounted.delete(room)
      if (!(await this.#index.count(room))) return
      this.#recent.add(room)
      this.#tellSoon(0)
    } catch (error) {
      this.#uncounted.add(room)
      this.#events.failed?.(error)
    }
  }

  /** Counts again what could not be counted, and rooms that nobody has counted for long: a node may have died in between. */
  async sweep(): Promise<void> {
    for (const room of [...this.#uncounted]) await this.changed(room)
    try {
      for (const room of await this.#index.stale(this.#dialect, this.#pace.maxCountAgeMs, maxSweptRooms))
        await this.changed(room)
    } catch (error) {
      this.#events.failed?.(error)
    }
  }

  #tellSoon(delay: number): void {
    if (this.#stopped) return
    this.#telling ??= setTimeout(() => {
      this.#telling = undefined
      this.#background(() => this.#broadcast())
    }, delay).unref()
  }

  #background(work: () => Promise<void>): void {
    inBackground(work, (error) => this.#events.failed?.(error))
  }

  async #broadcast(): Promise<void> {
    const { broadcastMs: tell } = this.#pace
    try {
      if (!(await this.#index.claimBroadcast(this.#dialect, tell))) return this.#tellSoon(tell)
      const recent = [...this.#recent]
      this.#recent.clear()
      for (const room of recent) await this.#index.count(room)
      this.#events.tell(await this.list())
    } catch (error) {
      this.#events.failed?.(error)
      this.#tellSoon(tell)
    }
  }
}
