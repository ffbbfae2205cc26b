import type { Deadline } from '../deadline.ts'
import type { Draft, Member, ParticipantId, RoomId, Roster } from '../model.ts'
import type { IssuedTickets } from '../session/issued-tickets.ts'

/**
 * A session and its fencing token. `owner` is `node:generation`. It changes with every login and relogin, so the store refuses
 * the writes of a node whose participant has moved (docs/architecture.md#invariants, 1).
 */
export type SessionRef = { room: RoomId; id: ParticipantId; owner: string }

/** The node of an owner, which is `node:generation`. */
export const nodeOf = ({ owner }: Pick<SessionRef, 'owner'>): string => owner.slice(0, owner.lastIndexOf(':'))

/** The generation of an owner. Of two owners of a session the one with the higher generation is the later. */
export const generationOf = ({ owner }: Pick<SessionRef, 'owner'>): number =>
  Number(owner.slice(owner.lastIndexOf(':') + 1))

/**
 * How far the deliveries over a connection came, as seqs of the room. The client has received everything up to `confirmed`, and
 * the node has sent nothing after `sent`. The node does not know which of the entries in between the client has received.
 */
export type DeliveryState = { confirmed: number; sent: number }

/** A participant, without the right to write for it. */
export type ParticipantRef = Pick<SessionRef, 'room' | 'id'>

/**
 * One write by a session. The store performs it once for each `op`. If the client gave a `rid`, the store performs it once for each
 * `rid` and keeps `reply` as its ack. The store refuses a write as `repeated` if its `rid` was performed, or may have been performed
 * before the oldest `rid` that the store keeps; and as `unavailable` if it receives the write after `deadline`. With the write it
 * records `confirmed`: the client has received everything up to this seq.
 */
export type Write = {
  ref: SessionRef
  op: string
  rid?: number
  reply?: unknown
  confirmed?: number
  deadline?: Deadline | undefined
}

export type JoinRequest = {
  room: RoomId
  member: Member
  node: string
  /**
   * The login token. It is valid for one login, which the client may repeat until it is known to have the ack. A token that was
   * `made` (ms) before the room was closed is refused. The store remembers its use for `seconds`.
   */
  token: { id: string; seconds: number; made?: number }
  ticketId: string
  /** False: the participant leaves at once when its connection is lost. */
  reconnects: boolean
  /** The maximum number of participants of any room, in addition to the room's own limit; 0 or absent: no limit. */
  maxParticipants?: number
  /** The position of the node's feed of the room. */
  feedPosition?: number
  deadline?: Deadline | undefined
}

export type Joined = {
  /** The member's own id, or that of the participant who used the same token before. */
  id: ParticipantId
  owner: string
  /** The room's seq at the login. Notifications start after it. */
  seq: number
  roster: Roster
  /** The previous owner, if the login is a repetition and that owner's connection may still be open. */
  previousOwner?: string
  /** The participant's last `rid` that was performed, if the login is a repetition. */
  rid?: number
}

export type ResumeRequest = {
  room: RoomId
  id: ParticipantId
  node: string
  ticketId: string
  nextTicketId: string
  /** The last seq that the client has seen, if it names one. */
  seq?: number
  deadline?: Deadline | undefined
}

/** As ResumeRequest, for a client that proves its identity with a login token instead of a ticket. */
export type RejoinRequest = {
  room: RoomId
  id: ParticipantId
  node: string
  token: { id: string; seconds: number }
  ticketId: string
  deadline?: Deadline | undefined
}

export type Resumed = {
  owner: string
  member: Member
  /** The seq after which delivery continues. */
  deliverAfter: number
  /** The client may have received entries up to this seq, so those that are sent at most once are omitted. */
  inDoubtUpTo: number
  /** False: the log no longer has every entry that the client missed, and `roster` has the present state. */
  complete: boolean
  roster?: Roster
  /** The previous owner, if its connection may still be open. */
  previousOwner?: string
  /** The node of the previous owner. */
  previousNode: string
  /** The participant's last `rid`, 0 if none. */
  rid: number
  tokenId: string
}

/** What the node with the participant's connection knows of a session, from which it restores the session. */
export type SessionBackup = {
  ref: SessionRef
  member: Member
  /** The valid tickets. */
  tickets: IssuedTickets
  /** Whether the client is known to have received one of them. */
  ticketConfirmed: boolean
  token: { id: string; seconds: number }
  reconnects: boolean
  /** The seq of the login, after which its entries start; and the seq up to which the client is known to have received them. */
  joined: number
  confirmed: number
  rid: number
  /** The position of the node's feed of the room. */
  feedPosition: number
}

/**
 * A login or resume that the store has not answered. It may have given the session to this node. `ticketId` is the id of the new ticket, `id` that of the
 * participant, `token` that of the login token.
 */
export type UnansweredOpening = { room: RoomId; ticketId: string } & ({ id: ParticipantId } | { token: string })

export type LeaveReason = 'logout' | 'window' | 'dropped' | 'node_lost'

/** The condition for removing a participant: its owner, the expired end of its window (ms on the store's clock), or none for management. */
export type LeaveGuard = { owner: string } | { windowEnd: number } | 'any'

/**
 * The sessions of participants. Every verb may be repeated. Each is atomic, except `detach` and `findOpened`, which are several
 * steps. All verbs throw `unavailable` when the store does not answer, or after the deadline of the request.
 */
export interface SessionStore {
  /** @throws room_full, token_used, token_expired (the room was closed after the token was made), unavailable (also: a later login won) */
  join(request: JoinRequest): Promise<Joined>
  /** @throws participant_gone, ticket_spent, reconnection_disabled, unavailable (also: a later resume won) */
  resume(request: ResumeRequest): Promise<Resumed>
  /**
   * Resumes without a ticket. The login token is the one that the participant logged in with, or an unused one.
   * @throws participant_gone, token_used, unavailable (also: a later resume won)
   */
  rejoin(request: RejoinRequest): Promise<Resumed>
  /** Issues a ticket. The ticket before it stays valid until the new one is used or confirmed. @throws moved */
  renewTicket(ref: SessionRef, ticketId: string, deadline?: Deadline): Promise<void>
  /** The client has received this ticket: the tickets before it are spent, and so is the login token. */
  confirmTicket(ref: SessionRef, token: { id: string; seconds: number }, ticketId: string): Promise<void>
  /** The session that an unanswered login or resume has opened. Undefined if it has opened none, or if the session has moved since. */
  findOpened(opening: UnansweredOpening): Promise<{ ref: SessionRef; confirmed: number } | undefined>
  /**
   * Records that the connection is lost, and opens the reconnect window.
   * @param confirmed as in DeliveryState; undefined if no node knows it
   * @param sent as in DeliveryState; `confirmed` unless given
   * @returns 'left' when the participant does not reconnect
   */
  detach(ref: SessionRef, confirmed?: number, sent?: number): Promise<'waiting' | 'left' | 'moved'>
  /**
   * Removes a participant. Resolves to false if it was gone, or if its window has not expired.
   * @param notification an entry for the participant, appended first
   * @throws moved (the session has another owner), unavailable (also after the deadline)
   */
  leave(room: RoomId, id: ParticipantId, guard: LeaveGuard, notification?: Draft, deadline?: Deadline): Promise<boolean>
}
