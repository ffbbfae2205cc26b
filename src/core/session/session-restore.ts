import { Attempts } from '../attempts.ts'
import type { RoomId } from '../model.ts'
import type { State } from '../ports/state.ts'
import type { Disconnections } from './disconnections.ts'
import type { Session } from './session.ts'

export type SessionRestoreEvents = {
  restored: (room: RoomId) => void
  /** The store answers with errors when a participant is restored: it should come back by itself. */
  givenUp: (session: Session, error: unknown) => Promise<void>
}

/**
 * A store that fails over to a replica lacks its newest writes, and one that is started anew may lack all. Who is
 * connected is known better by the nodes then: each vouches for the participants whose connections it has.
 */
export class SessionRestore {
  readonly #state: State
  readonly #absent: Disconnections
  readonly #reconnects: boolean
  readonly #events: SessionRestoreEvents
  readonly #attempts = new Attempts()

  /** @param reconnects whether who is lost has a window */
  constructor(state: State, disconnections: Disconnections, reconnects: boolean, events: SessionRestoreEvents) {
    this.#state = state
    this.#absent = disconnections
    this.#reconnects = reconnects
    this.#events = events
  }

  /**
   * Makes the place what this node knows of it. False if the participant has moved, or left. After some errors that
   * concern this participant alone, it is given up.
   * @throws unavailable, internal
   */
  async restore(session: Session): Promise<boolean> {
    const ours = await this.#restoreInStore(session)
    // one that ended meanwhile has nobody who sits at its place
    if (ours && session.ended) await this.#absent.lost({ ref: session.ref, deliveryState: session.deliveryState })
    if (ours) this.#events.restored(session.room)
    return ours
  }

  async #restoreInStore(session: Session): Promise<boolean> {
    const { room, id, owner } = session.ref
    const what = `${room}|${id}|${owner}`
    try {
      const ours = await this.#state.sessionStore.restore(session.snapshot(this.#reconnects))
      this.#attempts.over(what)
      return ours
    } catch (error) {
      if (session.ended) this.#attempts.over(what)
      else if (this.#attempts.failed(what, error)) await this.#events.givenUp(session, error)
      throw error
    }
  }
}
