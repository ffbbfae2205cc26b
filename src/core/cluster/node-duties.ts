import { doAll } from '../concurrency.ts'
import type { RoomId } from '../model.ts'
import { Periodic } from '../periodic.ts'
import type { NodeInfo } from '../ports/node-registry.ts'
import type { ParticipantRef } from '../ports/session-store.ts'
import type { Store } from '../ports/store.ts'
import type { Feeds } from '../room/feeds.ts'
import type { Sessions } from '../session/sessions.ts'
import { Reaper } from './reaper.ts'
import { Reconciler } from './reconciler.ts'
import { SessionVerifier } from './session-verifier.ts'
import { StaleSessions } from './stale-sessions.ts'

export type DutyEvents = {
  failed?: (error: unknown) => void
  /** The store answers every attempt to remove a participant with an error: the node stops trying. */
  givenUp?: (participant: ParticipantRef, error: unknown) => void
  /** The store may have lost the newest writes of a room. Its numbers continue at `seq`. */
  leapt?: (room: RoomId, seq: number) => void
  /** A heartbeat extended the lease. `sentAt`: when it was sent, `performance.now()`. */
  extended?: (sentAt: number) => void
  /** The store has answered a heartbeat, or failed to with `error`. */
  heartbeat?: (error?: unknown) => void
}

/** How long a node is taken for alive after a heartbeat, s. */
export const leaseSeconds = 6

/** The longest pause between two runs of a duty, ms; Periodic shortens each by up to a quarter. */
export type DutyIntervals = {
  heartbeatMs: number
  reapMs: number
  checkMs: number
  recordConfirmedMs: number
  trackRoomsMs: number
  reconcileMs?: number
}

export const defaultDutyIntervals: DutyIntervals = {
  heartbeatMs: 2000,
  reapMs: 1000,
  checkMs: 3000,
  recordConfirmedMs: 1000,
  trackRoomsMs: 30_000,
}

const defaultReconcileMs = 30_000
/** How long `acquire` waits before it tries again, ms. */
const retryMs = 500

/** The periodic duties of a node: heartbeat, reaping, checks, recording confirmations and rooms, reconciling. Each has a method. */
export class NodeDuties {
  readonly #store: Store
  readonly #feeds: Feeds
  readonly #sessions: Sessions
  readonly #info: () => NodeInfo
  readonly #events: DutyEvents
  readonly #verifier: SessionVerifier
  readonly #staleSessions: StaleSessions
  readonly #reaper: Reaper
  readonly #reconciler: Reconciler
  readonly #duties: Periodic
  #intervals: DutyIntervals = defaultDutyIntervals
  /** When this node last noticed that the store was not available, `performance.now()`. */
  #storeUnavailableAt = Number.NEGATIVE_INFINITY
  #hadLease = false

  constructor(store: Store, feeds: Feeds, sessions: Sessions, info: () => NodeInfo, events: DutyEvents = {}) {
    this.#store = store
    this.#feeds = feeds
    this.#sessions = sessions
    this.#info = info
    this.#events = events
    this.#duties = new Periodic((error) => events.failed?.(error))
    this.#verifier = new SessionVerifier(store.sessionUpkeep, sessions)
    this.#staleSessions = new StaleSessions(store.sessionUpkeep, sessions)
    this.#reconciler = new Reconciler({ store, sessions, node: () => info().id, uses: (room) => feeds.uses(room) })
    this.#reaper = new Reaper(store, sessions.departures, (sentAt) => this.#storeWasUnavailable(sentAt), {
      untracked: (room) => this.#reconciler.reconcileUntracked(room),
      givenUp: (participant, error) => events.givenUp?.(participant, error),
    })
    feeds.onLoss({
      restoreRoom: (room) => sessions.restoration.restoreRoom(room),
      leapt: (room, seq) => this.#leapt(room, seq),
    })
  }

  startDuties(intervals: DutyIntervals = defaultDutyIntervals): void {
    this.#intervals = intervals
    this.#duties.every(intervals.heartbeatMs, () => this.heartbeat())
    this.#duties.every(intervals.reapMs, () => this.reap())
    this.#duties.every(intervals.checkMs, () => this.check())
    this.#duties.every(intervals.recordConfirmedMs, () => this.recordConfirmed())
    this.#duties.every(intervals.trackRoomsMs, () => this.trackRooms())
    this.#duties.every(intervals.reconcileMs ?? defaultReconcileMs, () => this.reconcile())
  }

  /** Takes the lease. Resolves when the store has recorded this node, however long that takes. */
  async acquire(): Promise<void> {
    for (;;) {
      try {
        await this.heartbeat()
        return
      } catch (error) {
        this.#events.failed?.(error)
        await new Promise((resolve) => setTimeout(resolve, retryMs))
      }
    }
  }

  /** Stops all duties and gives the lease up. Sessions that this node still has are detached. */
  async stop(): Promise<void> {
    this.#duties.stop()
    this.#reaper.stop()
    const { id } = this.#info()
    while (!(await this.#reaper.detachBatchOf(id)));
    await this.#store.nodes.remove(id)
  }

  /** Extends the lease. If it had expired, other nodes may have detached sessions of this one: they are checked at once. */
  async heartbeat(): Promise<void> {
    let leaseWasValid = false
    const sentAt = performance.now()
    try {
      leaseWasValid = await this.#store.nodes.heartbeat(this.#info())
      this.#events.extended?.(sentAt)
      this.#events.heartbeat?.()
    } catch (error) {
      this.#events.heartbeat?.(error)
      throw error
    } finally {
      if (!leaseWasValid && this.#hadLease) this.#storeUnavailableAt = performance.now()
    }
    this.#hadLease = true
    if (leaseWasValid) return
    await doAll([() => this.trackRooms(), () => this.check()])
  }

  /** Records again in which rooms this node has sessions: a node that treated this one as dead may have removed these records. */
  async trackRooms(): Promise<void> {
    const { rooms } = this.#feeds
    await this.#store.nodes.trackRooms(this.#info().id, rooms)
    await this.#store.roomIndex.touch(rooms)
  }

  /** Detaches the sessions of dead nodes, and removes participants whose window is over. */
  reap(): Promise<void> {
    return this.#reaper.reap()
  }

  /** Records how far clients are known to have received their messages, if that has changed. */
  async recordConfirmed(): Promise<void> {
    await this.#sessions.confirmationRecorder.recordAll()
  }

  /** Finds sessions of this node or of a dead one that have neither a connection nor a window. */
  async reconcile(): Promise<void> {
    if (!this.#storeWasUnavailable(performance.now())) await this.#reconciler.reconcile()
  }

  /** Finds what no notification reports: messages that pub/sub lost, and sessions that have moved to other nodes. */
  async check(): Promise<void> {
    await doAll([
      () => this.#verifier.checkConnected(),
      () => this.#sessions.disconnections.retry(),
      () => this.#verifier.checkWaiting(),
      () => this.#feeds.catchUp(),
      () => this.#staleSessions.sweep(this.#intervals.heartbeatMs * 3),
    ])
  }

  /**
   * While the store is not available, no node can send a heartbeat and no client can resume. Afterwards they get time for that
   * before the reaper judges them. A slow answer may describe the time before.
   * @param sentAt when the call was sent, `performance.now()`
   */
  #storeWasUnavailable(sentAt: number): boolean {
    const { heartbeatMs } = this.#intervals
    const unavailableAt = Math.max(this.#storeUnavailableAt, this.#store.clock.steppedAt)
    return performance.now() - sentAt > heartbeatMs || sentAt - unavailableAt < heartbeatMs * 1.5
  }

  #leapt(room: RoomId, seq: number): void {
    this.#events.leapt?.(room, seq)
    this.#staleSessions.watch(room, seq)
    // if this fails, the sweep restores them before it judges them
    this.#sessions.restoration.restoreRoom(room).catch((error) => this.#events.failed?.(error))
  }
}
