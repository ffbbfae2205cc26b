import { Attempts } from '../attempts.ts'
import { type Deadline, isPast } from '../deadline.ts'
import { SignalError } from '../errors.ts'
import type { ParticipantId, RoomId } from '../model.ts'
import type {
  DeliveryState,
  SessionBackup,
  SessionRef,
  SessionStore,
  UnansweredOpening,
} from '../ports/session-store.ts'
import type { SessionUpkeep } from '../ports/session-upkeep.ts'
import type { Store } from '../ports/store.ts'
import type { Departures } from './departures.ts'
import type { SessionsEvents } from './sessions-config.ts'

/** A session whose connection is lost, its delivery state, and what else this node knows of it. */
type LostSession = { ref: SessionRef; deliveryState: DeliveryState; backup?: SessionBackup }

/** How long the delivery state of a session is kept after another owner has taken it over, ms. */
const takeoverStateTtlMs = 5000

/** Sessions whose connection this node has lost. Reports them to the store, and retries until the store has recorded them. */
export class Disconnections {
  readonly #sessionStore: SessionStore
  readonly #sessionUpkeep: SessionUpkeep
  readonly #departures: Departures
  readonly #events: Pick<SessionsEvents, 'failed' | 'givenUp'>
  readonly #waiting = new Map<string, SessionRef>()
  /** Lost sessions that the store has not recorded yet. */
  readonly #unreported = new Map<string, LostSession>()
  readonly #attempts = new Attempts()
  /** Delivery states of sessions that another owner took over before this node could report them. */
  readonly #recentStates = new Map<string, DeliveryState>()
  /** Logins and resumes without an answer, and until when the store may still perform them. Undefined: without a deadline. */
  readonly #unansweredOpenings = new Map<UnansweredOpening, Deadline | undefined>()

  constructor(
    { sessionStore, sessionUpkeep }: Store,
    departures: Departures,
    events: Pick<SessionsEvents, 'failed' | 'givenUp'>,
  ) {
    this.#sessionStore = sessionStore
    this.#sessionUpkeep = sessionUpkeep
    this.#departures = departures
    this.#events = events
  }

  /** Sessions that lost their connection here and, as far as this node knows, have not been resumed. */
  get waiting(): SessionRef[] {
    return [...this.#waiting.values()]
  }

  /** A disconnected participant has resumed, on whichever node, or has left. */
  forgetWaiting({ room, id }: SessionRef): void {
    this.#waiting.delete(key(room, id))
  }

  /** A connection is lost. The participant can resume within the window; without a window it leaves. Does not throw. */
  async lost(lost: LostSession): Promise<void> {
    const { ref } = lost
    const refKey = keyOf(ref)
    this.#unreported.set(refKey, lost)
    try {
      const outcome = await this.#detachInStore(lost)
      if (outcome === 'left') await this.#departures.leaveUnlessMoved(ref, 'window')
      if (outcome === 'waiting') this.#waiting.set(key(ref.room, ref.id), ref)
      if (outcome === 'moved') this.rememberDeliveryState(lost)
      this.#unreported.delete(refKey)
      this.#attempts.clear(refKey)
    } catch (error) {
      this.#events.failed?.(error)
      if (!this.#attempts.isExhaustedBy(refKey, error)) return
      this.#unreported.delete(refKey)
      this.#events.givenUp?.(ref, error)
    }
  }

  /** The delivery state of a session whose connection was lost here; undefined: unknown, or the store has it. */
  deliveryStateOf(ref: SessionRef): DeliveryState | undefined {
    const refKey = keyOf(ref)
    return this.#unreported.get(refKey)?.deliveryState ?? this.#recentStates.get(refKey)
  }

  /** Another owner has taken over the session, and may still ask for its delivery state. */
  rememberDeliveryState({ ref, deliveryState }: LostSession): void {
    const refKey = keyOf(ref)
    this.#recentStates.set(refKey, deliveryState)
    setTimeout(() => this.#recentStates.delete(refKey), takeoverStateTtlMs).unref()
  }

  /** After a lossy failover `moved` may be wrong: then the session is restored and detached again. */
  async #detachInStore({
    ref,
    deliveryState: { confirmed, sent },
    backup,
  }: LostSession): Promise<'waiting' | 'left' | 'moved'> {
    const outcome = await this.#sessionStore.detach(ref, confirmed, sent)
    if (outcome !== 'moved' || !backup || !(await this.#sessionUpkeep.restore(backup))) return outcome
    return this.#sessionStore.detach(ref, confirmed, sent)
  }

  /**
   * A login or resume failed. Unless the store has refused it, the store may have given the session to this node, where no
   * connection has it. After the deadline this node looks for such a session, and detaches it.
   */
  openingFailed(opening: UnansweredOpening, deadline: Deadline | undefined, error: unknown): void {
    const refused = error instanceof SignalError && error.code !== 'unavailable' && error.code !== 'internal'
    if (!refused) this.#unansweredOpenings.set(opening, deadline)
  }

  /** Reports to the store what it has not recorded yet. Does not throw. */
  async retry(): Promise<void> {
    // before its deadline the store may still perform a login
    const over = [...this.#unansweredOpenings].filter(([, deadline]) => deadline === undefined || isPast(deadline))
    await Promise.all([
      ...[...this.#unreported.values()].map((lost) => this.lost(lost)),
      ...over.map(([opening]) => this.#detachOpened(opening)),
    ])
  }

  async #detachOpened(opening: UnansweredOpening): Promise<void> {
    try {
      const found = await this.#sessionStore.findOpened(opening)
      this.#unansweredOpenings.delete(opening)
      if (!found) return
      const { ref, confirmed } = found
      await this.lost({ ref, deliveryState: { confirmed, sent: confirmed } })
    } catch (error) {
      this.#events.failed?.(error)
      const { room, ticketId } = opening
      if (this.#attempts.isExhaustedBy(`${room}|${ticketId}`, error)) this.#unansweredOpenings.delete(opening)
    }
  }
}

const keyOf = ({ room, id, owner }: SessionRef) => `${room}|${id}|${owner}`
const key = (room: RoomId, id: ParticipantId) => `${room}|${id}`
