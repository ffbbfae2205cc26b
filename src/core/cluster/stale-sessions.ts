import { Attempts } from '../attempts.ts'
import { doAll } from '../concurrency.ts'
import type { RoomId } from '../model.ts'
import type { SessionRef } from '../ports/session-store.ts'
import type { SessionUpkeep } from '../ports/session-upkeep.ts'
import type { Sessions } from '../session/sessions.ts'

/**
 * Participants that had left, and are back in a store that lost its newest writes in a failover: no node has their
 * connection. Each node restores its own sessions as soon as it learns of the leap. Sessions that no node has restored
 * after the grace time are detached; so are those of disconnected participants, because the record of their window may be lost.
 */
export class StaleSessions {
  readonly #sessionUpkeep: SessionUpkeep
  readonly #sessions: Sessions
  readonly #attempts = new Attempts()
  readonly #rooms = new Map<RoomId, { leap: number; since: number }>()

  constructor(sessionUpkeep: SessionUpkeep, sessions: Sessions) {
    this.#sessionUpkeep = sessionUpkeep
    this.#sessions = sessions
  }

  /** @param leap the seq at which the room's numbers continue */
  watch(room: RoomId, leap: number): void {
    this.#rooms.delete(room) // so that it moves to the end
    this.#rooms.set(room, { leap, since: performance.now() })
  }

  /** Detaches stale sessions in rooms that leapt at least `graceMs` ago. @throws unavailable */
  async sweep(graceMs: number): Promise<void> {
    const due = [...this.#rooms].filter(([, { since }]) => performance.now() - since >= graceMs)
    const sweeps = due.map(([room, { leap }]) => {
      return () => this.#sweepRoom(room, leap)
    })
    await doAll(sweeps)
  }

  /** A room for which the store answers several attempts with errors is given up. */
  async #sweepRoom(room: RoomId, leap: number): Promise<void> {
    let over = true
    try {
      const stale = await this.#sessionUpkeep.unrestored(room, leap)
      await doAll(stale.map((ref) => () => this.#restoreOrDetach(ref)))
      this.#attempts.clear(room)
    } catch (error) {
      over = this.#attempts.isExhaustedBy(room, error)
      if (!over) throw error
    } finally {
      if (over && this.#rooms.get(room)?.leap === leap) this.#rooms.delete(room)
    }
  }

  async #restoreOrDetach(ref: SessionRef): Promise<void> {
    const session = this.#sessions.find(ref)
    if (session) await this.#sessions.restoration.restore(session)
    else await this.#sessions.departures.detachAbandoned(ref)
  }
}
