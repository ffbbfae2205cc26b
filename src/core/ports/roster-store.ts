import type { Deadline } from '../deadline.ts'
import type { Draft, Member, ParticipantId, RoomId, Roster } from '../model.ts'
import type { Write } from './session-store.ts'

/** The members of rooms. */
export interface RosterStore {
  /** The members and streams of a room, and the seq as of which they were read. Empty for a room that does not exist. */
  roster(room: RoomId): Promise<Roster>
  member(room: RoomId, id: ParticipantId): Promise<Member | undefined>
  /** Replaces the data that a dialect keeps about the participant. @throws moved */
  setProfile(write: Write, profile: Member['profile']): Promise<void>
  /**
   * Replaces a member on behalf of management. Resolves to false if it is not as `before` any more: read it, and try again.
   * @throws unavailable, also after the deadline
   */
  changeMember(room: RoomId, before: Member, after: Member, notification: Draft, deadline?: Deadline): Promise<boolean>
}
