import { Attempts } from '../attempts.ts'
import { isUnavailable } from '../errors.ts'
import type { RoomId } from '../model.ts'
import type { Store } from '../ports/store.ts'
import type { Disconnections } from './disconnections.ts'
import type { Session } from './session.ts'
import type { SessionCloser } from './session-closer.ts'
import type { SessionRegistry } from './session-registry.ts'
import type { SessionsEvents } from './sessions-config.ts'

export type SessionRestoreDeps = {
  store: Store
  registry: SessionRegistry
  disconnections: Disconnections
  closer: SessionCloser
  /** Whether a disconnected participant can resume. */
  reconnects: boolean
  events: Pick<SessionsEvents, 'occupancyMayHaveChanged'>
}

/**
 * Restores sessions in a store that has lost its newest writes in a failover, or all data in a restart. Each node knows the
 * sessions whose connections it has.
 */
export class SessionRestore {
  readonly #deps: SessionRestoreDeps
  readonly #attempts = new Attempts()

  constructor(deps: SessionRestoreDeps) {
    this.#deps = deps
  }

  /**
   * Writes to the store what this node knows of the session. Resolves to false if the session has moved, or the participant
   * has left. A session for which the store answers several attempts with errors is given up.
   * @throws unavailable, internal
   */
  async restore(session: Session): Promise<boolean> {
    const { ref, room } = session
    const restored = await this.#restoreInStore(session)
    if (!restored) return false
    // no connection has a session that ended meanwhile
    if (session.ended) await this.#deps.disconnections.lost({ ref, deliveryState: session.deliveryState })
    this.#deps.events.occupancyMayHaveChanged?.(room)
    return true
  }

  /** Restores all sessions that this node has in a room. @throws unavailable */
  async restoreRoom(room: RoomId): Promise<void> {
    const here = this.#deps.registry.all.filter((session) => session.room === room && !session.ended)
    const results = await Promise.allSettled(here.map((session) => this.restore(session)))
    // other errors concern one session each, and do not delay the room
    const unavailable = results.find((result) => result.status === 'rejected' && isUnavailable(result.reason))
    if (unavailable?.status === 'rejected') throw unavailable.reason
  }

  async #restoreInStore(session: Session): Promise<boolean> {
    const { store, closer, reconnects } = this.#deps
    const { room, id, owner } = session.ref
    const key = `${room}|${id}|${owner}`
    try {
      const restored = await store.sessionUpkeep.restore(session.backup(reconnects))
      this.#attempts.clear(key)
      return restored
    } catch (error) {
      if (session.ended) this.#attempts.clear(key)
      else if (this.#attempts.isExhaustedBy(key, error)) await closer.giveUp(session, error)
      throw error
    }
  }
}
