import { SignalError } from '../errors.ts'
import type { Draft, RoomId } from '../model.ts'
import type { LeaveGuard, LeaveReason, ParticipantRef, SessionRef, SessionStore } from '../ports/session-store.ts'

export type DepartureEvents = {
  left?: (reason: LeaveReason, participant: ParticipantRef) => void
  /** A participant has entered or left the room, has resumed there, or could not enter. In the last two cases nothing may have changed. */
  occupancyMayHaveChanged?: (room: RoomId) => void
}

/** Removes participants from their rooms, and reports each departure once. */
export class Departures {
  readonly #sessionStore: SessionStore
  readonly #events: DepartureEvents

  constructor(sessionStore: SessionStore, events: DepartureEvents) {
    this.#sessionStore = sessionStore
    this.#events = events
  }

  /**
   * Resolves to false if the participant had left already, or the window that the guard names has not expired.
   * @throws moved, unavailable
   */
  async leave(
    { room, id }: ParticipantRef,
    guard: LeaveGuard,
    reason: LeaveReason,
    { notification, deadline }: { notification?: Draft; deadline?: number | undefined } = {},
  ): Promise<boolean> {
    const left = await this.#sessionStore.leave(room, id, guard, notification, deadline)
    if (left) {
      this.#events.left?.(reason, { room, id })
      this.#events.occupancyMayHaveChanged?.(room)
    }
    return left
  }

  /** Removes a participant that cannot resume, unless another owner has its session. @throws unavailable */
  async leaveUnlessMoved(ref: SessionRef, reason: LeaveReason): Promise<void> {
    try {
      await this.leave(ref, { owner: ref.owner }, reason)
    } catch (error) {
      if (!(error instanceof SignalError && error.code === 'moved')) throw error
    }
  }

  /** Detaches a session that has no connection on any node, and removes the participant if it cannot resume. @throws unavailable */
  async detachAbandoned(ref: SessionRef): Promise<void> {
    if ((await this.#sessionStore.detach(ref)) === 'left') await this.leaveUnlessMoved(ref, 'node_lost')
  }
}
