import { Attempts } from '../attempts.ts'
import { type Deadline, isPast } from '../deadline.ts'
import { SignalError } from '../errors.ts'
import type { ParticipantId, RoomId } from '../model.ts'
import type {
  DeliveryState,
  LeaveReason,
  ParticipantRef,
  PendingJoin,
  SessionRef,
  SessionSnapshot,
} from '../ports/session-store.ts'
import type { State } from '../ports/state.ts'
import { expel } from './expel.ts'

/** A connection that ended, how far it came, and what else is known of its place. */
type Lost = { ref: SessionRef; deliveryState: DeliveryState; vouch?: SessionSnapshot }

/** How long it is known how far a connection came whose place was taken before that could be noted, ms. */
const takeoverStateTtlMs = 5000

export type DisconnectionsEvents = {
  left?: (reason: LeaveReason, who: ParticipantRef) => void
  failed?: (error: unknown) => void
  /** The store answers every attempt with an error: the node stops trying. */
  givenUp?: (who: ParticipantRef, error: unknown) => void
}

/** Participants whose connection was lost here, or never came to be: they wait, and the state has to know. */
export class Disconnections {
  readonly #state: State
  readonly #events: DisconnectionsEvents
  readonly #waiting = new Map<string, SessionRef>()
  /** Lost connections that the state could not be told of yet. */
  readonly #unreported = new Map<string, Lost>()
  readonly #attempts = new Attempts()
  /** Those whose place another had taken by then. */
  readonly #recentStates = new Map<string, DeliveryState>()
  /** Logins and relogins that were given up without an answer, and until when the store may do them. */
  readonly #pendingJoins = new Map<PendingJoin, Deadline | undefined>()

  constructor(state: State, events: DisconnectionsEvents) {
    this.#state = state
    this.#events = events
  }

  /** Who lost the connection here and, as far as this node knows, has not come back. */
  get waiting(): SessionRef[] {
    return [...this.#waiting.values()]
  }

  /** One who waited is back, on whichever node, or gone. */
  resumedOrGone({ room, id }: SessionRef): void {
    this.#waiting.delete(key(room, id))
  }

  /** A connection is lost. One who does not reconnect leaves. */
  async lost(lost: Lost): Promise<void> {
    const { ref } = lost
    const refKey = keyOf(ref)
    this.#unreported.set(refKey, lost)
    try {
      const outcome = await this.#detach(lost)
      if (outcome === 'left') await this.#expel(ref)
      if (outcome === 'waiting') this.#waiting.set(key(ref.room, ref.id), ref)
      if (outcome === 'moved') this.remember(lost)
      this.#unreported.delete(refKey)
      this.#attempts.over(refKey)
    } catch (error) {
      this.#events.failed?.(error)
      if (!this.#attempts.failed(refKey, error)) return
      this.#unreported.delete(refKey)
      this.#events.givenUp?.(ref, error)
    }
  }

  /** How far a connection came that was lost here, unless the state has been told in time. */
  deliveryStateOf(ref: SessionRef): DeliveryState | undefined {
    const refKey = keyOf(ref)
    return this.#unreported.get(refKey)?.deliveryState ?? this.#recentStates.get(refKey)
  }

  /** A connection has ended whose place another has taken: that one may yet ask how far it came. */
  remember({ ref, deliveryState }: Lost): void {
    const refKey = keyOf(ref)
    this.#recentStates.set(refKey, deliveryState)
    setTimeout(() => this.#recentStates.delete(refKey), takeoverStateTtlMs).unref()
  }

  /** A place that is another's may be ours yet, in a store that lost its newest writes. */
  async #detach({ ref, deliveryState: { confirmed, sent }, vouch }: Lost): Promise<'waiting' | 'left' | 'moved'> {
    const { sessionStore } = this.#state
    const outcome = await sessionStore.detach(ref, confirmed, sent)
    if (outcome !== 'moved' || !vouch || !(await sessionStore.restore(vouch))) return outcome
    return sessionStore.detach(ref, confirmed, sent)
  }

  /**
   * Takes a place. An error that is no refusal leaves open whether the store gave the place: that is looked into after the
   * deadline, and the place given back.
   */
  async claim<T>(claim: PendingJoin, deadline: Deadline | undefined, take: () => Promise<T>): Promise<T> {
    try {
      return await take()
    } catch (error) {
      const refused = error instanceof SignalError && error.code !== 'unavailable' && error.code !== 'internal'
      if (!refused) this.#pendingJoins.set(claim, deadline)
      throw error
    }
  }

  /** Tells the state of what it could not be told of while it was away. */
  async retry(): Promise<void> {
    // before its deadline the store may yet do it
    const over = [...this.#pendingJoins].filter(([, deadline]) => deadline === undefined || isPast(deadline))
    await Promise.all([
      ...[...this.#unreported.values()].map((lost) => this.lost(lost)),
      ...over.map(([claim]) => this.#giveBack(claim)),
    ])
  }

  async #giveBack(claim: PendingJoin): Promise<void> {
    try {
      const taken = await this.#state.sessionStore.findByClaim(claim)
      this.#pendingJoins.delete(claim)
      if (taken)
        await this.lost({ ref: taken.ref, deliveryState: { confirmed: taken.confirmed, sent: taken.confirmed } })
    } catch (error) {
      this.#events.failed?.(error)
      const { room, ticketId } = claim
      if (this.#attempts.failed(`${room}|${ticketId}`, error)) this.#pendingJoins.delete(claim)
    }
  }

  async #expel(ref: SessionRef): Promise<void> {
    const { room, id } = ref
    if (await expel(this.#state.sessionStore, ref)) this.#events.left?.('window', { room, id })
  }
}

const keyOf = ({ room, id, owner }: SessionRef) => `${room}|${id}|${owner}`
const key = (room: RoomId, id: ParticipantId) => `${room}|${id}`
