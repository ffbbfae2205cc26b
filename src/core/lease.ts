import { Attempts, doAll, isAway } from './attempts.ts'
import { expel } from './expel.ts'
import type { Feeds } from './feeds.ts'
import { Ghosts } from './ghosts.ts'
import type { RoomId } from './model.ts'
import type { Due, NodeInfo } from './ports/nodes.ts'
import type { LeaveReason, Who } from './ports/places.ts'
import type { State } from './ports/state.ts'
import type { Session } from './session.ts'
import type { Sessions } from './sessions.ts'

export type LeaseEvents = {
  left?: (reason: LeaveReason, who: Who) => void
  /** Somebody has left a room. */
  populated?: (room: RoomId) => void
  failed?: (error: unknown) => void
  /** The store answers with errors when a participant is to be taken out, time after time: its deadline is forgotten. */
  givenUp?: (who: Who, error: unknown) => void
  /** The store may have lost the newest writes of a room, whose numbers go on at `seq`. */
  leapt?: (room: RoomId, seq: number) => void
  /** A heartbeat that was sent at that time, on `performance.now()`, extended the lease. */
  extended?: (sentAt: number) => void
  /** The store took a heartbeat, or did not, and why. */
  beat?: (error?: unknown) => void
}

/** How long a node lives for the others after a heartbeat, s. */
export const leaseSeconds = 6

/** Milliseconds between one kind of duty and the next; each is done with up to a quarter of jitter. */
export type LeasePace = { beat: number; reap: number; check: number; note: number; hold: number }

export const defaultPace: LeasePace = { beat: 2000, reap: 1000, check: 3000, note: 1000, hold: 30_000 }

/** Rooms of the list that no node has noted for so long are looked at: nodes note theirs every `hold`. */
const pruneAgeSeconds = 60

/** How many rooms, participants or list entries are seen to side by side. */
const batch = 100

/**
 * What a node owes the others: it says that it lives, clears up after those that do not, and makes sure now and then
 * that what it holds is still its own and complete.
 */
export class Lease {
  readonly #state: State
  readonly #feeds: Feeds
  readonly #sessions: Sessions
  readonly #info: () => NodeInfo
  readonly #events: LeaseEvents
  readonly #ghosts: Ghosts
  readonly #attempts = new Attempts()
  readonly #timers = new Set<NodeJS.Timeout>()
  #stopped = false
  #pace: LeasePace = defaultPace
  /** When the store was last found to be, or to have been, away. */
  #awayAt = Number.NEGATIVE_INFINITY
  #hadLease = false

  constructor(state: State, feeds: Feeds, sessions: Sessions, info: () => NodeInfo, events: LeaseEvents = {}) {
    this.#state = state
    this.#feeds = feeds
    this.#sessions = sessions
    this.#info = info
    this.#events = events
    this.#ghosts = new Ghosts(state, sessions, (reason, who) => this.#tellLeft(who, reason))
    feeds.onLoss({
      vouch: (room) => sessions.vouch(room),
      leapt: (room, seq) => {
        events.leapt?.(room, seq)
        this.#ghosts.expect(room, seq)
        sessions.vouch(room).catch((error) => events.failed?.(error)) // it is tried again before anybody is taken for a ghost
      },
    })
  }

  start(pace: LeasePace = defaultPace): void {
    this.#pace = pace
    this.#every(pace.beat, () => this.beat())
    this.#every(pace.reap, () => this.reap())
    this.#every(pace.check, () => this.check())
    this.#every(pace.note, () => this.#sessions.note())
    this.#every(pace.hold, () => this.hold())
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
    for (const timer of this.#timers) clearTimeout(timer)
    const { id } = this.#info()
    while (!(await this.#orphan(id)));
    await this.#state.nodes.remove(id)
  }

  /** Extends the lease. Where it had run out, sessions that others have not taken are claimed back, and the rest end. */
  async beat(): Promise<void> {
    let alive = false
    const sentAt = performance.now()
    try {
      alive = await this.#state.nodes.beat(this.#info())
      this.#events.extended?.(sentAt)
      this.#events.beat?.()
    } catch (error) {
      this.#events.beat?.(error)
      throw error
    } finally {
      if (!alive && this.#hadLease) this.#awayAt = performance.now()
    }
    this.#hadLease = true
    if (alive) return
    await this.hold()
    await this.check()
  }

  /** Notes again in which rooms this node has members: another may have crossed them out while it took it for dead. */
  async hold(): Promise<void> {
    const { rooms } = this.#feeds
    await this.#state.nodes.hold(this.#info().id, rooms)
    await this.#state.rooms.note(rooms)
  }

  /**
   * Puts the participants of dead nodes into the window, and takes out those whose window is over. Who is dead and who
   * is due is asked anew for every batch: a node that comes back is not cleared up to the end.
   */
  async reap(): Promise<void> {
    while ((await this.#reapBatch()) && !this.#stopped);
  }

  /** True when there is more to do at once. */
  async #reapBatch(): Promise<boolean> {
    const { nodes, rooms } = this.#state
    const asked = performance.now()
    const [dead, overdue] = [await nodes.dead(), await nodes.due(batch)]
    if (this.#wasAway(asked)) return false
    let more = overdue.length === batch
    await doAll([
      ...dead.map((node) => async () => {
        if (await this.#orphan(node)) await nodes.remove(node)
        else more = true
      }),
      ...overdue.map((one) => () => this.#expire(one)),
    ])
    if (!more) await rooms.prune(pruneAgeSeconds, batch)
    return more
  }

  async #expire({ room, id, due }: Due): Promise<void> {
    const { nodes, places } = this.#state
    const what = `${room}|${id}|${due}`
    try {
      if (await places.leave(room, id, { due })) this.#tellLeft({ room, id }, 'window')
    } catch (error) {
      if (!this.#attempts.failed(what, error)) throw error
      this.#events.givenUp?.({ room, id }, error)
    }
    this.#attempts.over(what)
    await nodes.settled(room, id, due)
  }

  /**
   * While the store was away no node could say that it lives, and nobody could come back. Before anyone is judged for
   * that, all have time to do so. An answer that was long in coming may tell how things stood before they could.
   */
  #wasAway(asked: number): boolean {
    const { beat } = this.#pace
    return performance.now() - asked > beat || asked - this.#awayAt < beat * 1.5
  }

  /** Looks for what nobody told: messages that the live side lost, and participants that moved away. */
  async check(): Promise<void> {
    const failures = await this.#checkSessions()
    // one participant or room that fails keeps the others from nothing
    for (const step of [
      () => this.#sessions.absent.retell(),
      () => this.#checkWaiting(),
      () => this.#feeds.level(),
      () => this.#ghosts.lay(this.#pace.beat * 3),
    ]) {
      await step().catch((error: unknown) => failures.push(error))
    }
    if (failures.length > 0) throw failures.find(isAway) ?? failures[0]
  }

  /** Room by room. Resolves to what failed. @throws unavailable when the store answers for no room */
  async #checkSessions(): Promise<unknown[]> {
    const rooms = byRoom(this.#sessions.all)
    const failures: unknown[] = []
    for (let start = 0; start < rooms.length; start += batch) {
      const some = rooms.slice(start, start + batch)
      const results = await Promise.allSettled(some.map((sessions) => this.#checkRoom(sessions)))
      const reasons = results.flatMap((result) => (result.status === 'rejected' ? [result.reason as unknown] : []))
      failures.push(...reasons)
      if (reasons.length === some.length && reasons.every(isAway)) throw reasons[0]
    }
    return failures
  }

  async #checkRoom(sessions: Session[]): Promise<void> {
    const standing = await this.#state.places.held(
      sessions.map(({ place }) => place),
      sessions.map(({ certain }) => certain),
    )
    await doAll(
      sessions.map((session, index) => async () => {
        // one that ended meanwhile is on its way into the window: to claim it back would leave a ghost
        if (session.ended || standing[index] === 'connected') return
        const waiting = standing[index] === 'waiting' && (await this.#state.places.reclaim(session.place))
        const ours = waiting || (await this.#sessions.regain(session))
        if (!ours) await this.#sessions.supersede(session)
      }),
    )
  }

  async #checkWaiting(): Promise<void> {
    const { absent } = this.#sessions
    const { waiting } = absent
    const standing = await this.#state.places.held(waiting)
    for (const [index, place] of waiting.entries()) {
      if (standing[index] !== 'waiting') absent.noLongerWaiting(place)
    }
  }

  /** Sees to a batch of what a node held; true when that was the last. */
  async #orphan(node: string): Promise<boolean> {
    const { done, left } = await this.#state.nodes.orphan(node, batch)
    await Promise.all(
      left.map(async (place) => {
        if (await expel(this.#state.places, place)) this.#tellLeft(place, 'node_lost')
      }),
    )
    return done
  }

  #tellLeft(who: Who, reason: LeaveReason): void {
    this.#events.left?.(reason, who)
    this.#events.populated?.(who.room)
  }

  #every(period: number, duty: () => Promise<unknown>): void {
    const timer = setTimeout(
      async () => {
        this.#timers.delete(timer)
        try {
          await duty()
        } catch (error) {
          this.#events.failed?.(error)
        }
        if (!this.#stopped) this.#every(period, duty)
      },
      period * (0.75 + Math.random() / 4),
    )
    timer.unref()
    this.#timers.add(timer)
  }
}

function byRoom(sessions: Session[]): Session[][] {
  const rooms = new Map<RoomId, Session[]>()
  for (const session of sessions) {
    const others = rooms.get(session.room)
    if (others) others.push(session)
    else rooms.set(session.room, [session])
  }
  return [...rooms.values()]
}
