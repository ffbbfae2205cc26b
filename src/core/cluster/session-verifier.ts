import { doAll } from '../concurrency.ts'
import { isUnavailable } from '../errors.ts'
import type { RoomId } from '../model.ts'
import type { SessionRef } from '../ports/session-store.ts'
import type { SessionUpkeep } from '../ports/session-upkeep.ts'
import type { Session } from '../session/session.ts'
import type { Sessions } from '../session/sessions.ts'

/** How many rooms are checked concurrently. */
const maxConcurrentRooms = 100

/** Compares the sessions of this node with the store: finds those that have moved, and reclaims those that have not. */
export class SessionVerifier {
  readonly #sessionUpkeep: SessionUpkeep
  readonly #sessions: Sessions

  constructor(sessionUpkeep: SessionUpkeep, sessions: Sessions) {
    this.#sessionUpkeep = sessionUpkeep
    this.#sessions = sessions
  }

  /** Checks connected sessions, room by room. Stops early if the store answers for no room. @throws unavailable, internal */
  async checkConnected(): Promise<void> {
    const rooms = byRoom(this.#sessions.all)
    const failures: unknown[] = []
    for (let start = 0; start < rooms.length; start += maxConcurrentRooms) {
      const batch = rooms.slice(start, start + maxConcurrentRooms)
      const results = await Promise.allSettled(batch.map((sessions) => this.#checkRoom(sessions)))
      const reasons = results.flatMap((result) => (result.status === 'rejected' ? [result.reason as unknown] : []))
      failures.push(...reasons)
      if (batch.length === maxConcurrentRooms && reasons.length === batch.length && reasons.every(isUnavailable)) break
    }
    if (failures.length > 0) throw failures.find(isUnavailable) ?? failures[0]
  }

  async #checkRoom(sessions: Session[]): Promise<void> {
    const states = await this.#sessionUpkeep.recordConfirmed(
      sessions.map(({ ref, confirmedSeq: confirmed }) => ({ ref, confirmed })),
    )
    await doAll(
      sessions.map((session, index) => async () => {
        // a session that ended meanwhile is being detached: to reclaim it would leave it without a connection
        if (session.ended || states[index] === 'connected') return
        const reclaimed = states[index] === 'waiting' && (await this.#sessionUpkeep.reclaim(session.ref))
        if (!reclaimed && !(await this.#sessions.restoration.restore(session)))
          await this.#sessions.closer.endTakenOver(session)
      }),
    )
  }

  /** Checks disconnected sessions: forgets those that have been resumed on another node, and those that have ended. */
  async checkWaiting(): Promise<void> {
    const { disconnections } = this.#sessions
    await doAll(byRoom(disconnections.waiting).map((waiting) => () => this.#checkWaitingIn(waiting)))
  }

  /** @param waiting sessions of one room */
  async #checkWaitingIn(waiting: SessionRef[]): Promise<void> {
    const states = await this.#sessionUpkeep.states(waiting)
    for (const [index, ref] of waiting.entries()) {
      if (states[index] !== 'waiting') this.#sessions.disconnections.forgetWaiting(ref)
    }
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
