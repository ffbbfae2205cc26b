import type { Deadline } from '../deadline.ts'
import type { Draft, Member, ParticipantId, RoomId, Roster } from '../model.ts'
import type { Write } from './session-store.ts'

/** Who is in a room. */
export interface RosterStore {
  /** The members and streams of a room, and the seq at which the roster was read. Empty for a room that does not exist. */
  roster(room: RoomId): Promise<Roster>
  member(room: RoomId, id: ParticipantId): Promise<Member | undefined>
  /** Replaces what a dialect keeps of the participant. @throws moved */
  setProfile(write: Write, profile: Member['profile']): Promise<void>
  /**
   * Replaces a member on behalf of management. False if it is not as `before` any more: read it and try again.
   * @throws unavailable: also after the deadline
   */
  changeMember(room: RoomId, before: Member, after: Member, notification: Draft, deadline?: Deadline): Promise<boolean>
}
