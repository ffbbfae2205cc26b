import type { Deadline } from '../deadline.ts'
import type { Draft, Member, ParticipantId, RoomId, Stream } from '../model.ts'
import type { NodeInfo } from './node-registry.ts'

/**
 * What management does over the heads of the participants: its writes are fenced by what they expect to find, not by
 * an owner. A change resolves to false if things are no longer as `before` (then look and try again), and is refused as
 * `unavailable` after its deadline.
 */
export interface Oversight {
  member(room: RoomId, id: ParticipantId): Promise<Member | undefined>
  changeMember(room: RoomId, before: Member, after: Member, notifications: Draft, deadline?: Deadline): Promise<boolean>
  changeStream(
    room: RoomId,
    before: Stream,
    after: Stream,
    notifications: Draft[],
    deadline?: Deadline,
  ): Promise<boolean>
  /** Takes the subscriptions to it along and tells their subscribers. False if it was gone. */
  removeStream(room: RoomId, id: string, notifications: Draft[], deadline?: Deadline): Promise<boolean>
  /** Nodes whose lease has not run out, by id. */
  nodes(): Promise<NodeInfo[]>
  /**
   * Notes a use for so many seconds. `since`: the store may have forgotten what was used before that, ms on its clock. It
   * rises when the store has lost its newest writes, or everything since this node asked last; until then it is 0.
   */
  firstUse(deliveryState: string, seconds: number, deadline?: Deadline): Promise<{ first: boolean; since: number }>
}
