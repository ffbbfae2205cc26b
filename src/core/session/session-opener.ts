import { type Deadline, isPast } from '../deadline.ts'
import { SignalError } from '../errors.ts'
import type { RoomId } from '../model.ts'
import type { SessionConnection } from '../ports/connection.ts'
import { generationOf, type UnansweredOpening } from '../ports/session-store.ts'
import type { Feed } from '../room/feed.ts'
import type { Feeds } from '../room/feeds.ts'
import type { Disconnections } from './disconnections.ts'
import { Session, type SessionStart } from './session.ts'
import type { SessionCloser } from './session-closer.ts'
import type { SessionRegistry } from './session-registry.ts'
import type { SessionsEvents } from './sessions-config.ts'

export type SessionOpenerDeps = {
  feeds: Feeds
  registry: SessionRegistry
  closer: SessionCloser
  disconnections: Disconnections
  events: Pick<SessionsEvents, 'occupancyMayHaveChanged'>
}

/** What a login and a resume have in common: they subscribe to the room, and open the session that the store has given them. */
export class SessionOpener {
  readonly #deps: SessionOpenerDeps

  constructor(deps: SessionOpenerDeps) {
    this.#deps = deps
  }

  /** Resolves when this node is subscribed to the room. `open` or `abort` must follow. @throws unavailable */
  subscribe(room: RoomId): Promise<Feed> {
    return this.#deps.feeds.use(room)
  }

  /**
   * Opens a session that the store has given to this node, and ties it to its connection in one step: whenever the
   * connection is lost, the session is detached.
   * @throws early_left: the connection is lost, the deadline is past, or a later join or resume has the session
   */
  async open(
    start: SessionStart,
    connection: SessionConnection,
    feed: Feed,
    deadline: Deadline | undefined,
  ): Promise<Session> {
    const { registry, closer, disconnections, events } = this.#deps
    const session = new Session(start, connection, feed)
    const previous = registry.of(session.ref)
    if (previous && generationOf(previous.ref) > generationOf(session.ref)) await this.#refuseOlder(session)
    registry.add(session)
    const open = session.bindConnection(() => closer.detachSoon(session))
    disconnections.forgetWaiting(session.ref)
    events.occupancyMayHaveChanged?.(session.room)
    if (previous?.connection === connection) closer.endLocallySoon(previous)
    else if (previous) closer.endTakenOverSoon(previous)
    if (open && !isPast(deadline)) return session
    // the client is refused: if it keeps its connection, it has no ticket with which it could resume
    await (open ? closer.leaveQuietly(session) : closer.detach(session))
    throw new SignalError('early_left')
  }

  /** The login or resume failed with `error`. If the store may have given the session to this node, the node detaches it later. */
  async abort(opening: UnansweredOpening, deadline: Deadline | undefined, error: unknown): Promise<void> {
    this.#deps.disconnections.openingFailed(opening, deadline, error)
    // `open` has released the room
    if (!(error instanceof SignalError && error.code === 'early_left')) await this.#deps.feeds.release(opening.room)
  }

  /** Two joins ran at the same time, and the store served this one first: the session of the later one is open already. */
  async #refuseOlder(session: Session): Promise<never> {
    session.end()
    await this.#deps.feeds.release(session.room)
    throw new SignalError('early_left')
  }
}
