import { doAll, isAway } from '../attempts.ts'
import { inBackground } from '../background.ts'
import type { RoomId } from '../model.ts'
import type { NodeInfo } from '../ports/node-registry.ts'
import type { LeaveReason, ParticipantRef, SessionRef } from '../ports/session-store.ts'
import type { State } from '../ports/state.ts'
import type { Feeds } from '../room/feeds.ts'
import type { Session } from '../session/session.ts'
import type { Sessions } from '../session/sessions.ts'
import { Reaper } from './reaper.ts'
import { Reconciler } from './reconciler.ts'
import { StaleSessions } from './stale-sessions.ts'

export type LeaseEvents = {
  left?: (reason: LeaveReason, who: ParticipantRef) => void
  /** Somebody has left a room. */
  occupancyChanged?: (room: RoomId) => void
  failed?: (error: unknown) => void
  /** The store answers with errors when a participant is to be taken out, time after time: its deadline is forgotten. */
  givenUp?: (who: ParticipantRef, error: unknown) => void
  /** The store may have lost the newest writes of a room, whose numbers go on at `seq`. */
  leapt?: (room: RoomId, seq: number) => void
  /** A heartbeat that was sent at that time, on `performance.now()`, extended the lease. */
  extended?: (sentAt: number) => void
  /** The store took a heartbeat, or did not, and why. */
  heartbeat?: (error?: unknown) => void
}

/** How long a node lives for the others after a heartbeat, s. */
export const leaseSeconds = 6

/** Milliseconds between one kind of duty and the next; each is done with up to a quarter of jitter. */
export type LeaseIntervals = {
  heartbeatMs: number
  reapMs: number
  checkMs: number
  saveMs: number
  trackRoomsMs: number
  reconcileMs?: number
}

export const defaultLeaseIntervals: LeaseIntervals = {
  heartbeatMs: 2000,
  reapMs: 1000,
  checkMs: 3000,
  saveMs: 1000,
  trackRoomsMs: 30_000,
}

/** A pace that does not say how often to reconcile. */
const defaultReconcileMs = 30_000

/** How many rooms, participants or list entries are seen to side by side. */
const maxConcurrent = 100

/**
 * What a node owes the others: it says that it lives, clears up after those that do not, and makes sure now and then
 * that what it holds is still its own and complete.
 */
export class NodeLease {
  readonly #state: State
  readonly #feeds: Feeds
  readonly #sessions: Sessions
  readonly #info: () => NodeInfo
  readonly #events: LeaseEvents
  readonly #staleSessions: StaleSessions
  readonly #reaper: Reaper
  readonly #reconciler: Reconciler
  readonly #timers = new Set<NodeJS.Timeout>()
  #stopped = false
  #pace: LeaseIntervals = defaultLeaseIntervals
  /** When the store was last found to be, or to have been, away. */
  #awayAt = Number.NEGATIVE_INFINITY
  #hadLease = false

  constructor(state: State, feeds: Feeds, sessions: Sessions, info: () => NodeInfo, events: LeaseEvents = {}) {
    this.#state = state
    this.#feeds = feeds
    this.#sessions = sessions
    this.#info = info
    this.#events = events
    const left = (reason: LeaveReason, who: ParticipantRef) => this.#tellLeft(who, reason)
    this.#staleSessions = new StaleSessions(state, sessions, left)
    const uses = (room: RoomId) => feeds.uses(room)
    this.#reconciler = new Reconciler({ state, sessions, node: () => info().id, uses, left })
    this.#reaper = new Reaper(state, (asked) => this.#wasAway(asked), {
      left,
      unnoted: (room) => this.#reconciler.reconcileUnnoted(room),
      givenUp: (who, error) => events.givenUp?.(who, error),
    })
    feeds.onLoss({
      restoreRoom: (room) => sessions.restoreRoom(room),
      leapt: (room, seq) => {
        events.leapt?.(room, seq)
        this.#staleSessions.watch(room, seq)
        sessions.restoreRoom(room).catch((error) => events.failed?.(error)) // it is tried again before anybody is taken for a ghost
      },
    })
  }

  start(pace: LeaseIntervals = defaultLeaseIntervals): void {
    this.#pace = pace
    this.#every(pace.heartbeatMs, () => this.beat())
    this.#every(pace.reapMs, () => this.reap())
    this.#every(pace.checkMs, () => this.check())
    this.#every(pace.saveMs, () => this.#sessions.recordProgress())
    this.#every(pace.trackRoomsMs, () => this.hold())
    this.#every(pace.reconcileMs ?? defaultReconcileMs, () => this.reconcile())
  }

  /** Takes the lease: resolves when the store knows of this node, however long that takes. */
  async begin(): Promise<void> {
    for (;;) {
      try {
        await this.beat()
        return
      } catch (error) {
        this.#events.failed?.(error)
        await new Promise((resolve) => setTimeout(resolve, 500))
      }
    }
  }

  /** Stops all duties and gives the lease back. What this node still holds is left to the others. */
  async stop(): Promise<void> {
    this.#stopped = true
    this.#reaper.stop()
    for (const timer of this.#timers) clearTimeout(timer)
    const { id } = this.#info()
    while (!(await this.#reaper.orphan(id)));
    await this.#state.nodes.remove(id)
  }

  /** Extends the lease. Where it had run out, sessions that others have not taken are claimed back, and the rest end. */
  async beat(): Promise<void> {
    let alive = false
    const sentAt = performance.now()
    try {
      alive = await this.#state.nodes.heartbeat(this.#info())
      this.#events.extended?.(sentAt)
      this.#events.heartbeat?.()
    } catch (error) {
      this.#events.heartbeat?.(error)
      throw error
    } finally {
      if (!alive && this.#hadLease) this.#awayAt = performance.now()
    }
    this.#hadLease = true
    if (alive) return
    await doAll([() => this.hold(), () => this.check()])
  }

  /** Notes again in which rooms this node has members: another may have crossed them out while it took it for dead. */
  async hold(): Promise<void> {
    const { rooms } = this.#feeds
    await this.#state.nodes.trackRooms(this.#info().id, rooms)
    await this.#state.rooms.touch(rooms)
  }

  /** Puts the participants of dead nodes into the window, and takes out those whose window is over. */
  reap(): Promise<void> {
    return this.#reaper.reap()
  }

  /** Finds places that are this node's or nobody's, and have neither a connection nor a deadline. */
  async reconcile(): Promise<void> {
    if (!this.#wasAway(performance.now())) await this.#reconciler.reconcile()
  }

  /**
   * While the store was away no node could say that it lives, and nobody could come back. Before anyone is judged for
   * that, all have time to do so. An answer that was long in coming may tell how things stood before they could.
   */
  #wasAway(asked: number): boolean {
    const { heartbeatMs: beat } = this.#pace
    return performance.now() - asked > beat || asked - Math.max(this.#awayAt, this.#state.clock.steppedAt) < beat * 1.5
  }

  /** Looks for what nobody told: messages that the live side lost, and participants that moved away. */
  async check(): Promise<void> {
    // one participant or room that fails keeps the others from nothing
    await doAll([
      () => this.#checkSessions(),
      () => this.#sessions.disconnections.retry(),
      () => doAll(byRoom(this.#sessions.disconnections.waiting).map((waiting) => () => this.#checkWaiting(waiting))),
      () => this.#feeds.level(),
      () => this.#staleSessions.sweep(this.#pace.heartbeatMs * 3),
    ])
  }

  /** Room by room; not to the end if the store answers for no room. */
  async #checkSessions(): Promise<void> {
    const rooms = byRoom(this.#sessions.all)
    const failures: unknown[] = []
    for (let start = 0; start < rooms.length; start += maxConcurrent) {
      const some = rooms.slice(start, start + maxConcurrent)
      const results = await Promise.allSettled(some.map((sessions) => this.#checkRoom(sessions)))
      const reasons = results.flatMap((result) => (result.status === 'rejected' ? [result.reason as unknown] : []))
      failures.push(...reasons)
      if (some.length === maxConcurrent && reasons.length === some.length && reasons.every(isAway)) break
    }
    if (failures.length > 0) throw failures.find(isAway) ?? failures[0]
  }

  async #checkRoom(sessions: Session[]): Promise<void> {
    const standing = await this.#state.sessionStore.states(
      sessions.map(({ ref }) => ref),
      sessions.map(({ confirmedSeq: certain }) => certain),
    )
    await doAll(
      sessions.map((session, index) => async () => {
        // one that ended meanwhile is on its way into the window: to claim it back would leave a ghost
        if (session.ended || standing[index] === 'connected') return
        const waiting = standing[index] === 'waiting' && (await this.#state.sessionStore.reclaim(session.ref))
        const ours = waiting || (await this.#sessions.restore(session))
        if (!ours) await this.#sessions.supersede(session)
      }),
    )
  }

  /** @param waiting of one room */
  async #checkWaiting(waiting: SessionRef[]): Promise<void> {
    const standing = await this.#state.sessionStore.states(waiting)
    for (const [index, ref] of waiting.entries()) {
      if (standing[index] !== 'waiting') this.#sessions.disconnections.resumedOrGone(ref)
    }
  }

  #tellLeft(who: ParticipantRef, reason: LeaveReason): void {
    this.#events.left?.(reason, who)
    this.#events.occupancyChanged?.(who.room)
  }

  #every(period: number, duty: () => Promise<unknown>): void {
    const turn = async () => {
      this.#timers.delete(timer)
      try {
        await duty()
      } finally {
        if (!this.#stopped) this.#every(period, duty)
      }
    }
    const timer = setTimeout(
      () => inBackground(turn, (error) => this.#events.failed?.(error)),
      period * (0.75 + Math.random() / 4),
    )
    timer.unref()
    this.#timers.add(timer)
  }
}

function byRoom<T extends { room: RoomId }>(items: T[]): T[][] {
  const rooms = new Map<RoomId, T[]>()
  for (const item of items) {
    const others = rooms.get(item.room)
    if (others) others.push(item)
    else rooms.set(item.room, [item])
  }
  return [...rooms.values()]
}
