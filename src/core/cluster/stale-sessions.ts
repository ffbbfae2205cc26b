import { Attempts, doAll } from '../attempts.ts'
import type { RoomId } from '../model.ts'
import type { LeaveReason, ParticipantRef, SessionRef } from '../ports/session-store.ts'
import type { State } from '../ports/state.ts'
import { expel } from '../session/expel.ts'
import type { Sessions } from '../session/sessions.ts'

/**
 * Participants who had left, and are back in a store that lost its newest writes: nobody has their connection. Each node
 * vouches for those that it has as soon as it hears of a leap; who is not vouched for some time later goes into the window.
 * So does who waits already: the note of the deadline may be lost.
 */
export class StaleSessions {
  readonly #state: State
  readonly #sessions: Sessions
  readonly #left: (reason: LeaveReason, who: ParticipantRef) => void
  readonly #attempts = new Attempts()
  readonly #suspects = new Map<RoomId, { leap: number; since: number }>()

  constructor(state: State, sessions: Sessions, left: (reason: LeaveReason, who: ParticipantRef) => void) {
    this.#state = state
    this.#sessions = sessions
    this.#left = left
  }

  /** There may be some in a room that has leapt. */
  watch(room: RoomId, leap: number): void {
    this.#suspects.delete(room) // to be the last again
    this.#suspects.set(room, { leap, since: performance.now() })
  }

  /** Looks for those in rooms that leapt at least `grace` ms ago. @throws unavailable */
  async sweep(grace: number): Promise<void> {
    const due = [...this.#suspects].filter(([, { since }]) => performance.now() - since >= grace)
    await doAll(
      due.map(
        ([room, { leap }]) =>
          () =>
            this.#sweepRoom(room, leap),
      ),
    )
  }

  /** A room that fails although the store answers is given up after some attempts. */
  async #sweepRoom(room: RoomId, leap: number): Promise<void> {
    let over = true
    try {
      const forsaken = await this.#state.sessionStore.unrestored(room, leap)
      await doAll(forsaken.map((ref) => () => this.#settle(ref)))
      this.#attempts.over(room)
    } catch (error) {
      over = this.#attempts.failed(room, error)
      if (!over) throw error
    } finally {
      if (over && this.#suspects.get(room)?.leap === leap) this.#suspects.delete(room)
    }
  }

  async #settle(ref: SessionRef): Promise<void> {
    const { sessionStore } = this.#state
    const session = this.#sessions.find(ref)
    if (session) await this.#sessions.restore(session)
    else if ((await sessionStore.detach(ref)) === 'left' && (await expel(sessionStore, ref))) {
      this.#left('node_lost', { room: ref.room, id: ref.id })
    }
  }
}
