import { Attempts, doAll } from '../attempts.ts'
import type { RoomId } from '../model.ts'
import type { LeaveReason, Place, Who } from '../ports/session-store.ts'
import type { State } from '../ports/state.ts'
import { expel } from '../session/expel.ts'
import type { Sessions } from '../session/sessions.ts'

/**
 * Participants who had left, and are back in a store that lost its newest writes: nobody has their connection. Each node
 * vouches for those that it has as soon as it hears of a leap; who is not vouched for some time later goes into the window.
 * So does who waits already: the note of the deadline may be lost.
 */
export class Ghosts {
  readonly #state: State
  readonly #sessions: Sessions
  readonly #left: (reason: LeaveReason, who: Who) => void
  readonly #attempts = new Attempts()
  readonly #haunted = new Map<RoomId, { leap: number; since: number }>()

  constructor(state: State, sessions: Sessions, left: (reason: LeaveReason, who: Who) => void) {
    this.#state = state
    this.#sessions = sessions
    this.#left = left
  }

  /** There may be some in a room that has leapt. */
  expect(room: RoomId, leap: number): void {
    this.#haunted.delete(room) // to be the last again
    this.#haunted.set(room, { leap, since: performance.now() })
  }

  /** Looks for those in rooms that leapt at least `grace` ms ago. @throws unavailable */
  async lay(grace: number): Promise<void> {
    const due = [...this.#haunted].filter(([, { since }]) => performance.now() - since >= grace)
    await doAll(
      due.map(
        ([room, { leap }]) =>
          () =>
            this.#layIn(room, leap),
      ),
    )
  }

  /** A room that fails although the store answers is given up after some attempts. */
  async #layIn(room: RoomId, leap: number): Promise<void> {
    let over = true
    try {
      const forsaken = await this.#state.places.forsaken(room, leap)
      await doAll(forsaken.map((place) => () => this.#settle(place)))
      this.#attempts.over(room)
    } catch (error) {
      over = this.#attempts.failed(room, error)
      if (!over) throw error
    } finally {
      if (over && this.#haunted.get(room)?.leap === leap) this.#haunted.delete(room)
    }
  }

  async #settle(place: Place): Promise<void> {
    const { places } = this.#state
    const session = this.#sessions.find(place)
    if (session) await this.#sessions.regain(session)
    else if ((await places.detach(place)) === 'left' && (await expel(places, place))) {
      this.#left('node_lost', { room: place.room, id: place.id })
    }
  }
}
