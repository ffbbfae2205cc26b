import type { Absent } from './absent.ts'
import type { RoomId } from './model.ts'
import type { State } from './ports/state.ts'
import type { Session } from './session.ts'

/**
 * A store that fails over to a replica lacks its newest writes, and one that is started anew may lack all. Who is
 * connected is known better by the nodes then: each vouches for the participants whose connections it has.
 */
export class Vouching {
  readonly #state: State
  readonly #absent: Absent
  readonly #reconnects: boolean
  readonly #restored: (room: RoomId) => void

  /** @param reconnects whether who is lost has a window */
  constructor(state: State, absent: Absent, reconnects: boolean, restored: (room: RoomId) => void) {
    this.#state = state
    this.#absent = absent
    this.#reconnects = reconnects
    this.#restored = restored
  }

  /** Makes the place what this node knows of it. False if the participant has moved, or left. @throws unavailable */
  async regain(session: Session): Promise<boolean> {
    const ours = await this.#state.places.vouch(session.vouch(this.#reconnects))
    // one that ended meanwhile has nobody who sits at its place
    if (ours && session.ended) await this.#absent.lost({ place: session.place, mark: session.mark })
    if (ours) this.#restored(session.room)
    return ours
  }
}
