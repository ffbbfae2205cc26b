import { inBackground } from '../background.ts'
import { dialectOf, type RoomId } from '../model.ts'
import { Periodic } from '../periodic.ts'
import type { RoomSize, RoomSizes } from '../ports/room-sizes.ts'

export type OpenRoomListEvents = {
  /** Sends the list to all clients of the dialect, on all nodes. May be lost. */
  broadcast: (rooms: RoomSize[]) => void
  failed?: (error: unknown) => void
}

/** The shortest time between two broadcasts of the cluster, the time between two sweeps, and the maximum age of a count, ms. */
export type OpenRoomListIntervals = { broadcastMs: number; sweepMs: number; maxCountAgeMs: number }

export const defaultOpenRoomListIntervals: OpenRoomListIntervals = {
  broadcastMs: 500,
  sweepMs: 3000,
  maxCountAgeMs: 10_000,
}

/** How many rooms the list has at most, and how many one sweep counts. */
const maxListedRooms = 500
const maxSweptRooms = 100

/**
 * The list of a dialect's open rooms. Each join and leave costs one count, whatever the number of rooms. The cluster broadcasts the
 * list at most once per `broadcastMs`.
 */
export class OpenRoomList {
  readonly #roomSizes: RoomSizes
  readonly #dialect: string
  readonly #events: OpenRoomListEvents
  readonly #intervals: OpenRoomListIntervals
  /** Rooms whose count failed. */
  readonly #uncounted = new Set<RoomId>()
  /** Rooms that changed since the last broadcast. They are counted again, because concurrent counts may be recorded in the wrong order. */
  readonly #recent = new Set<RoomId>()
  #broadcastTimer: NodeJS.Timeout | undefined
  readonly #sweeps = new Periodic((error) => this.#events.failed?.(error))
  #stopped = false

  constructor(
    roomSizes: RoomSizes,
    dialect: string,
    events: OpenRoomListEvents,
    intervals = defaultOpenRoomListIntervals,
  ) {
    this.#roomSizes = roomSizes
    this.#dialect = dialect
    this.#events = events
    this.#intervals = intervals
  }

  start(): void {
    this.#sweeps.every(this.#intervals.sweepMs, () => this.sweep())
  }

  stop(): void {
    this.#stopped = true
    clearTimeout(this.#broadcastTimer)
    this.#sweeps.stop()
  }

  /** The largest first. @throws unavailable */
  list(): Promise<RoomSize[]> {
    return this.#roomSizes.list(this.#dialect, maxListedRooms)
  }

  /** Counts a room whose participants have changed. Resolves when the list has the count. Ignores rooms of other dialects. */
  async changed(room: RoomId): Promise<void> {
    if (dialectOf(room) !== this.#dialect || this.#stopped) return
    try {
      this.#uncounted.delete(room)
      if (!(await this.#roomSizes.count(room))) return
      this.#recent.add(room)
      this.#scheduleBroadcast(0)
    } catch (error) {
      this.#uncounted.add(room)
      this.#events.failed?.(error)
    }
  }

  /** Counts rooms whose count failed, and rooms with an old count: the node that should have counted them may have died. */
  async sweep(): Promise<void> {
    for (const room of [...this.#uncounted]) await this.changed(room)
    try {
      for (const room of await this.#roomSizes.stale(this.#dialect, this.#intervals.maxCountAgeMs, maxSweptRooms))
        await this.changed(room)
    } catch (error) {
      this.#events.failed?.(error)
    }
  }

  #scheduleBroadcast(delayMs: number): void {
    if (this.#stopped) return
    this.#broadcastTimer ??= setTimeout(() => {
      this.#broadcastTimer = undefined
      this.#background(() => this.#broadcast())
    }, delayMs).unref()
  }

  #background(work: () => Promise<void>): void {
    inBackground(work, (error) => this.#events.failed?.(error))
  }

  async #broadcast(): Promise<void> {
    const { broadcastMs } = this.#intervals
    try {
      if (!(await this.#roomSizes.claimBroadcast(this.#dialect, broadcastMs)))
        return this.#scheduleBroadcast(broadcastMs)
      const recent = [...this.#recent]
      this.#recent.clear()
      for (const room of recent) await this.#roomSizes.count(room)
      this.#events.broadcast(await this.list())
    } catch (error) {
      this.#events.failed?.(error)
      this.#scheduleBroadcast(broadcastMs)
    }
  }
}
