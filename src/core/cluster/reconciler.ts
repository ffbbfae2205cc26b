import { doAll } from '../concurrency.ts'
import type { RoomId } from '../model.ts'
import { nodeOf, type SessionRef } from '../ports/session-store.ts'
import type { SessionStatus } from '../ports/session-upkeep.ts'
import type { Store } from '../ports/store.ts'
import type { Sessions } from '../session/sessions.ts'

/** How many rooms are compared concurrently. */
const batchRooms = 100
/** How long after the end of its window a participant may still be in the store, ms: the reaper removes it within seconds. */
const maxOverdueMs = 15_000

export type ReconcilerDeps = {
  store: Store
  sessions: Sessions
  /** This node's id. */
  node: () => string
  /** Whether this node is subscribed to a room, or is about to be. */
  uses: (room: RoomId) => boolean
}

/**
 * Safety net for the invariant that every participant has an open connection or an open window. Each node compares the store
 * with its connections. A participant with neither in two consecutive rounds is detached; in a room that no node has
 * recorded, at once.
 */
export class Reconciler {
  readonly #deps: ReconcilerDeps
  /** Keys of the sessions that the last round found abandoned. */
  #suspects = new Set<string>()

  constructor(deps: ReconcilerDeps) {
    this.#deps = deps
  }

  /** Compares all rooms of this node. @throws unavailable */
  async reconcile(): Promise<void> {
    const { store, node } = this.#deps
    const alive = await this.#nodesAlive()
    const rooms = await store.nodes.trackedRooms(node())
    const suspects = new Set<string>()
    const failures: unknown[] = []
    for (let start = 0; start < rooms.length; start += batchRooms) {
      const batch = rooms.slice(start, start + batchRooms)
      await doAll(batch.map((room) => () => this.#reconcileRoom(room, alive, suspects))).catch((error) =>
        failures.push(error),
      )
    }
    this.#suspects = suspects
    if (failures.length > 0) throw failures[0]
  }

  /** Compares a room that no node has recorded. @throws unavailable */
  async reconcileUntracked(room: RoomId): Promise<void> {
    const alive = await this.#nodesAlive()
    if (this.#deps.uses(room)) return
    const abandoned = await this.#abandonedIn(room, alive)
    await doAll(abandoned.map((session) => () => this.#openWindow(session)))
  }

  async #reconcileRoom(room: RoomId, alive: Set<string>, suspects: Set<string>): Promise<void> {
    const abandoned = await this.#abandonedIn(room, alive)
    for (const { ref } of abandoned) suspects.add(keyOf(ref))
    const stillAbandoned = abandoned.filter(({ ref }) => this.#suspects.has(keyOf(ref)))
    await doAll(stillAbandoned.map((session) => () => this.#openWindow(session)))
  }

  async #nodesAlive(): Promise<Set<string>> {
    const nodes = await this.#deps.store.nodes.list()
    return new Set(nodes.map(({ id }) => id))
  }

  async #abandonedIn(room: RoomId, alive: Set<string>): Promise<SessionStatus[]> {
    const { store, node, uses } = this.#deps
    const statuses = await store.sessionUpkeep.list(room)
    const own = statuses.some(({ ref }) => nodeOf(ref) === node())
    const abandoned = statuses.filter((status) => this.#isAbandoned(status, alive))
    // `uses` is read last: the command is sent in the same step, before those of a login that begins to use the room
    if (!own && abandoned.length === 0 && !uses(room)) await store.nodes.untrackRoom(node(), room)
    return abandoned
  }

  #isAbandoned({ ref, waiting, windowEnd }: SessionStatus, alive: Set<string>): boolean {
    const { store, sessions, node } = this.#deps
    if (waiting) return windowEnd + maxOverdueMs < store.clock.now(ref.room)
    const owner = nodeOf(ref)
    return owner === node() ? !sessions.find(ref)?.connection.open : !alive.has(owner)
  }

  /** A participant that waits keeps the end of its window: the clock of the windows may not have reached it. */
  async #openWindow({ ref, waiting, windowEnd }: SessionStatus): Promise<void> {
    const { store, sessions } = this.#deps
    if (waiting) return store.reconnectWindows.recordAgain(ref, windowEnd)
    const session = sessions.find(ref)
    if (!session) await sessions.departures.detachAbandoned(ref)
    else if (!session.connection.open) await sessions.closer.detach(session)
  }
}

const keyOf = ({ room, id, owner }: SessionRef) => `${room}|${id}|${owner}`
