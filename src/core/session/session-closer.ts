import { inBackground } from '../background.ts'
import type { Timing } from '../deadline.ts'
import { SignalError } from '../errors.ts'
import type { Feeds } from '../room/feeds.ts'
import type { Departures } from './departures.ts'
import type { Disconnections } from './disconnections.ts'
import type { Session } from './session.ts'
import type { SessionRegistry } from './session-registry.ts'
import type { SessionsEvents } from './sessions-config.ts'

export type SessionCloserDeps = {
  feeds: Feeds
  registry: SessionRegistry
  departures: Departures
  disconnections: Disconnections
  /** Whether a disconnected participant can resume. */
  reconnects: boolean
  events: Pick<SessionsEvents, 'failed' | 'givenUp'>
}

/** Ends the sessions of this node. */
export class SessionCloser {
  readonly #deps: SessionCloserDeps

  constructor(deps: SessionCloserDeps) {
    this.#deps = deps
  }

  /** The participant leaves its room; its connection stays. @throws moved, unavailable */
  async logout(session: Session, { deadline }: Timing = {}): Promise<void> {
    await this.#deps.departures.leave(session.ref, { owner: session.ref.owner }, 'logout', { deadline })
    await this.endLocally(session)
  }

  /** The participant leaves its room for another one. If the store does not answer, the window ends the session. */
  async leaveQuietly(session: Session): Promise<void> {
    try {
      await this.logout(session)
    } catch (error) {
      const moved = error instanceof SignalError && error.code === 'moved'
      if (!moved) this.#deps.events.failed?.(error)
      await this.detach(session)
    }
  }

  /** The connection is lost: ends the session here and detaches it in the store, unless the participant has resumed already. */
  async detach(session: Session): Promise<void> {
    const { registry, feeds, disconnections, reconnects } = this.#deps
    if (!session.end()) return
    registry.remove(session)
    const { ref, deliveryState } = session
    try {
      await disconnections.lost({ ref, deliveryState, backup: session.backup(reconnects) })
    } finally {
      await feeds.release(session.room)
    }
  }

  /** Detaches all sessions, before this node closes their connections. */
  async detachAll(): Promise<void> {
    await Promise.all(this.#deps.registry.all.map((session) => this.detach(session)))
  }

  /** Another connection has taken over the session: this one is closed, and the other participants see no change. */
  async endTakenOver(session: Session): Promise<void> {
    if (!session.ended)
      this.#deps.disconnections.rememberDeliveryState({ ref: session.ref, deliveryState: session.deliveryState })
    try {
      await this.endLocally(session)
    } finally {
      session.connection.close('taken_over')
    }
  }

  endTakenOverSoon(session: Session): void {
    this.#inBackground(() => this.endTakenOver(session))
  }

  detachSoon(session: Session): void {
    this.#inBackground(() => this.detach(session))
  }

  endLocallySoon(session: Session): void {
    this.#inBackground(() => this.endLocally(session))
  }

  /** The participant's record in the store is broken. The connection is cut, so that the client resumes or logs in anew. */
  async giveUp(session: Session, error: unknown): Promise<void> {
    this.#deps.events.givenUp?.(session.ref, error)
    await this.endLocally(session)
    session.connection.cut()
  }

  /** Ends the session without a write to the store. */
  async endLocally(session: Session): Promise<void> {
    if (!session.end()) return
    this.#deps.registry.remove(session)
    await this.#deps.feeds.release(session.room)
  }

  #inBackground(work: () => Promise<void>): void {
    inBackground(work, (error) => this.#deps.events.failed?.(error))
  }
}
