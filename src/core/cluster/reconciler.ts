import { doAll } from '../attempts.ts'
import type { RoomId } from '../model.ts'
import { nodeOf } from '../ports/handover.ts'
import type { LeaveReason, ParticipantRef, SessionRef, SessionStatus } from '../ports/session-store.ts'
import type { State } from '../ports/state.ts'
import { expel } from '../session/expel.ts'
import type { Sessions } from '../session/sessions.ts'

/** How many rooms are looked at side by side. */
const batchRooms = 100
/** How long after its deadline a participant may still be there, ms: the reaper takes it out within seconds. */
const maxOverdueMs = 15_000

export type ReconcilerParts = {
  state: State
  sessions: Sessions
  node: () => string
  /** Whether this node listens to a room, or is about to. */
  uses: (room: RoomId) => boolean
  left: (reason: LeaveReason, who: ParticipantRef) => void
}

/**
 * Safety net for the invariant that every participant has an open connection or a deadline. Each node compares the store
 * with its connections. A participant with neither in two consecutive rounds is detached; in a room that no node holds, at
 * once.
 */
export class Reconciler {
  readonly #parts: ReconcilerParts
  /** Keys of the places that the last round found abandoned. */
  #suspects = new Set<string>()

  constructor(parts: ReconcilerParts) {
    this.#parts = parts
  }

  /** Compares all rooms of this node. @throws unavailable */
  async reconcile(): Promise<void> {
    const { state, node } = this.#parts
    const alive = await this.#nodesAlive()
    const rooms = await state.nodes.trackedRooms(node())
    const suspects = new Set<string>()
    const failed: unknown[] = []
    for (let start = 0; start < rooms.length; start += batchRooms) {
      const some = rooms.slice(start, start + batchRooms)
      await doAll(some.map((room) => () => this.#reconcileRoom(room, alive, suspects))).catch((error) =>
        failed.push(error),
      )
    }
    this.#suspects = suspects
    if (failed.length > 0) throw failed[0]
  }

  async #reconcileRoom(room: RoomId, alive: Set<string>, suspects: Set<string>): Promise<void> {
    const abandoned = await this.#abandoned(room, alive)
    for (const { ref } of abandoned) suspects.add(keyOf(ref))
    const confirmed = abandoned.filter(({ ref }) => this.#suspects.has(keyOf(ref)))
    await doAll(confirmed.map((found) => () => this.#giveDeadline(found)))
  }

  /** Checks a room that no node holds. @throws unavailable */
  async reconcileUnnoted(room: RoomId): Promise<void> {
    const alive = await this.#nodesAlive()
    if (this.#parts.uses(room)) return
    const abandoned = await this.#abandoned(room, alive)
    await doAll(abandoned.map((found) => () => this.#giveDeadline(found)))
  }

  async #nodesAlive(): Promise<Set<string>> {
    const nodes = await this.#parts.state.oversight.nodes()
    return new Set(nodes.map(({ id }) => id))
  }

  async #abandoned(room: RoomId, alive: Set<string>): Promise<SessionStatus[]> {
    const { state, node, uses } = this.#parts
    const standing = await state.sessionStore.list(room)
    const own = standing.some(({ ref }) => nodeOf(ref) === node())
    const abandoned = standing.filter((found) => this.#isAbandoned(found, alive))
    // `uses` is asked last: the command is sent in the same step, before that of a login that begins to use the room
    if (!own && abandoned.length === 0 && !uses(room)) await state.nodes.untrackRoom(node(), room)
    return abandoned
  }

  #isAbandoned({ ref, waiting, deadline }: SessionStatus, alive: Set<string>): boolean {
    const { state, sessions, node } = this.#parts
    if (waiting) return deadline + maxOverdueMs < state.clock.now(ref.room)
    const owner = nodeOf(ref)
    return owner === node() ? !sessions.find(ref)?.connection.open : !alive.has(owner)
  }

  /** One who waits keeps its deadline: windows have a clock of their own, by which it may not have come. */
  async #giveDeadline({ ref, waiting, deadline }: SessionStatus): Promise<void> {
    const { state, sessions, left } = this.#parts
    if (waiting) return state.nodes.recordDeadline(ref, deadline)
    const session = sessions.find(ref)
    if (session?.connection.open) return
    if (session) await sessions.detach(session)
    else if ((await state.sessionStore.detach(ref)) === 'left' && (await expel(state.sessionStore, ref)))
      left('node_lost', ref)
  }
}

const keyOf = ({ room, id, owner }: SessionRef) => `${room}|${id}|${owner}`
