import { Attempts } from '../attempts.ts'
import { doAll } from '../concurrency.ts'
import { isUnavailable } from '../errors.ts'
import type { RoomId } from '../model.ts'
import type { ExpiredWindow } from '../ports/reconnect-windows.ts'
import type { ParticipantRef } from '../ports/session-store.ts'
import type { Store } from '../ports/store.ts'
import type { Departures } from '../session/departures.ts'

/** How many rooms or participants one batch has; they are processed concurrently. */
const batchEntries = 100
/** Rooms of the index that no node has touched for so long are checked. Nodes touch theirs every `trackRoomsMs`. */
const pruneAgeSeconds = 60

export type ReaperEvents = {
  /** A room has participants, and no node has recorded that it holds them. */
  untracked: (room: RoomId) => Promise<void>
  /** The store answers every attempt to remove a participant with an error: the node stops trying. */
  givenUp: (participant: ParticipantRef, error: unknown) => void
}

/** Cleans up after dead nodes, participants whose window is over, and rooms that have ended. */
export class Reaper {
  readonly #store: Store
  readonly #departures: Departures
  readonly #events: ReaperEvents
  readonly #isOutdated: (sentAt: number) => boolean
  readonly #attempts = new Attempts()
  #stopped = false

  /** @param isOutdated whether the answer to a call that was sent at that time, `performance.now()`, may be out of date */
  constructor(store: Store, departures: Departures, isOutdated: (sentAt: number) => boolean, events: ReaperEvents) {
    this.#store = store
    this.#departures = departures
    this.#isOutdated = isOutdated
    this.#events = events
  }

  stop(): void {
    this.#stopped = true
  }

  /**
   * Reads again for each batch which nodes are dead and which windows are over, because a node may return in between. An error
   * of one node, participant or room does not stop the others.
   */
  async reap(): Promise<void> {
    const all = async (nextBatch: () => Promise<boolean>) => {
      while ((await nextBatch()) && !this.#stopped);
    }
    await doAll([() => all(() => this.#reapNodes()), () => all(() => this.#reapExpired()), () => this.#prune()])
  }

  /** Detaches a batch of a node's sessions. @returns true if that was the last one */
  async detachBatchOf(node: string): Promise<boolean> {
    const { done, left } = await this.#store.reconnectWindows.detachAllOf(node, batchEntries)
    await doAll(left.map((ref) => () => this.#departures.leaveUnlessMoved(ref, 'node_lost')))
    return done
  }

  /** @returns true if another batch is due */
  async #reapNodes(): Promise<boolean> {
    const { nodes } = this.#store
    const sentAt = performance.now()
    const dead = await nodes.expired()
    if (this.#isOutdated(sentAt)) return false
    let more = false
    await doAll(
      dead.map((node) => async () => {
        if (await this.detachBatchOf(node)) await nodes.remove(node)
        else more = true
      }),
    )
    return more
  }

  /** @returns true if another batch is due */
  async #reapExpired(): Promise<boolean> {
    const sentAt = performance.now()
    const expired = await this.#store.reconnectWindows.expired(batchEntries)
    if (this.#isOutdated(sentAt)) return false
    await doAll(expired.map((session) => () => this.#expire(session)))
    return expired.length === batchEntries
  }

  async #expire({ room, id, windowEnd }: ExpiredWindow): Promise<void> {
    const { reconnectWindows } = this.#store
    const key = `${room}|${id}|${windowEnd}`
    try {
      await this.#departures.leave({ room, id }, { windowEnd }, 'window')
    } catch (error) {
      // participants whose shard does not answer must not fill every batch
      if (isUnavailable(error)) await reconnectWindows.postpone(room, id)
      if (!this.#attempts.isExhaustedBy(key, error)) throw error
      this.#events.givenUp({ room, id }, error)
    }
    this.#attempts.clear(key)
    await reconnectWindows.remove(room, id, windowEnd)
  }

  async #prune(): Promise<void> {
    const untracked = await this.#store.roomIndex.prune(pruneAgeSeconds, batchEntries)
    await doAll(untracked.map((room) => () => this.#events.untracked(room)))
  }
}
