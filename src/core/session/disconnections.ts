import { Attempts } from '../attempts.ts'
import { type Deadline, isPast } from '../deadline.ts'
import { SignalError } from '../errors.ts'
import type { ParticipantId, RoomId } from '../model.ts'
import type { Claim, LeaveReason, Mark, Place, Vouch, Who } from '../ports/session-store.ts'
import type { State } from '../ports/state.ts'
import { expel } from './expel.ts'

/** A connection that ended, how far it came, and what else is known of its place. */
type Lost = { place: Place; mark: Mark; vouch?: Vouch }

/** How long it is known how far a connection came whose place was taken before that could be noted, ms. */
const memory = 5000

export type AbsentEvents = {
  left?: (reason: LeaveReason, who: Who) => void
  failed?: (error: unknown) => void
  /** The store answers every attempt with an error: the node stops trying. */
  givenUp?: (who: Who, error: unknown) => void
}

/** Participants whose connection was lost here, or never came to be: they wait, and the state has to know. */
export class Absent {
  readonly #state: State
  readonly #events: AbsentEvents
  readonly #waiting = new Map<string, Place>()
  /** Lost connections that the state could not be told of yet. */
  readonly #untold = new Map<string, Lost>()
  readonly #attempts = new Attempts()
  /** Those whose place another had taken by then. */
  readonly #late = new Map<string, Mark>()
  /** Logins and relogins that were given up without an answer, and until when the store may do them. */
  readonly #unheard = new Map<Claim, Deadline | undefined>()

  constructor(state: State, events: AbsentEvents) {
    this.#state = state
    this.#events = events
  }

  /** Who lost the connection here and, as far as this node knows, has not come back. */
  get waiting(): Place[] {
    return [...this.#waiting.values()]
  }

  /** One who waited is back, on whichever node, or gone. */
  noLongerWaiting({ room, id }: Place): void {
    this.#waiting.delete(key(room, id))
  }

  /** A connection is lost. One who does not reconnect leaves. */
  async lost(lost: Lost): Promise<void> {
    const { place } = lost
    const seat = seatOf(place)
    this.#untold.set(seat, lost)
    try {
      const outcome = await this.#detach(lost)
      if (outcome === 'left') await this.#expel(place)
      if (outcome === 'waiting') this.#waiting.set(key(place.room, place.id), place)
      if (outcome === 'moved') this.remember(lost)
      this.#untold.delete(seat)
      this.#attempts.over(seat)
    } catch (error) {
      this.#events.failed?.(error)
      if (!this.#attempts.failed(seat, error)) return
      this.#untold.delete(seat)
      this.#events.givenUp?.(place, error)
    }
  }

  /** How far a connection came that was lost here, unless the state has been told in time. */
  markOf(place: Place): Mark | undefined {
    const seat = seatOf(place)
    return this.#untold.get(seat)?.mark ?? this.#late.get(seat)
  }

  /** A connection has ended whose place another has taken: that one may yet ask how far it came. */
  remember({ place, mark }: Lost): void {
    const seat = seatOf(place)
    this.#late.set(seat, mark)
    setTimeout(() => this.#late.delete(seat), memory).unref()
  }

  /** A place that is another's may be ours yet, in a store that lost its newest writes. */
  async #detach({ place, mark: { cursor, doubt }, vouch }: Lost): Promise<'waiting' | 'left' | 'moved'> {
    const { places } = this.#state
    const outcome = await places.detach(place, cursor, doubt)
    if (outcome !== 'moved' || !vouch || !(await places.vouch(vouch))) return outcome
    return places.detach(place, cursor, doubt)
  }

  /**
   * Takes a place. An error that is no refusal leaves open whether the store gave the place: that is looked into after the
   * deadline, and the place given back.
   */
  async claim<T>(claim: Claim, deadline: Deadline | undefined, take: () => Promise<T>): Promise<T> {
    try {
      return await take()
    } catch (error) {
      const refused = error instanceof SignalError && error.code !== 'unavailable' && error.code !== 'internal'
      if (!refused) this.#unheard.set(claim, deadline)
      throw error
    }
  }

  /** Tells the state of what it could not be told of while it was away. */
  async retell(): Promise<void> {
    // before its deadline the store may yet do it
    const over = [...this.#unheard].filter(([, deadline]) => deadline === undefined || isPast(deadline))
    await Promise.all([
      ...[...this.#untold.values()].map((lost) => this.lost(lost)),
      ...over.map(([claim]) => this.#giveBack(claim)),
    ])
  }

  async #giveBack(claim: Claim): Promise<void> {
    try {
      const taken = await this.#state.places.taken(claim)
      this.#unheard.delete(claim)
      if (taken) await this.lost({ place: taken.place, mark: { cursor: taken.cursor, doubt: taken.cursor } })
    } catch (error) {
      this.#events.failed?.(error)
      const { room, ticketId } = claim
      if (this.#attempts.failed(`${room}|${ticketId}`, error)) this.#unheard.delete(claim)
    }
  }

  async #expel(place: Place): Promise<void> {
    const { room, id } = place
    if (await expel(this.#state.places, place)) this.#events.left?.('window', { room, id })
  }
}

const seatOf = ({ room, id, owner }: Place) => `${room}|${id}|${owner}`
const key = (room: RoomId, id: ParticipantId) => `${room}|${id}`
