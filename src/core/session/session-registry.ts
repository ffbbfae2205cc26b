import type { ParticipantRef, SessionRef } from '../ports/session-store.ts'
import type { Session } from './session.ts'

/** The sessions of this node: at most one for each participant. */
export class SessionRegistry {
  readonly #sessions = new Map<string, Session>()

  get all(): Session[] {
    return [...this.#sessions.values()]
  }

  /** The session of exactly this owner. */
  find(ref: SessionRef): Session | undefined {
    const session = this.of(ref)
    return session?.ref.owner === ref.owner ? session : undefined
  }

  /** The participant's session, whichever generation its owner has. */
  of(participant: ParticipantRef): Session | undefined {
    return this.#sessions.get(keyOf(participant))
  }

  /** Replaces the participant's session, if there is one. */
  add(session: Session): void {
    this.#sessions.set(keyOf(session.ref), session)
  }

  /** A session that another one has replaced is not in the registry any more. */
  remove(session: Session): void {
    if (this.of(session.ref) === session) this.#sessions.delete(keyOf(session.ref))
  }
}

const keyOf = ({ room, id }: ParticipantRef) => `${room}|${id}`
