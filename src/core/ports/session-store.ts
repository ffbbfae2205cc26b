import type { Deadline } from '../deadline.ts'
import type { Draft, Member, ParticipantId, RoomId, Roster } from '../model.ts'
import type { IssuedTickets } from '../session/issued-tickets.ts'

/**
 * A session and its fencing token. `owner` is `node:generation`. It changes with every login and relogin, so the store refuses
 * the writes of a node whose participant has moved (docs/architecture.md#invariants, 1).
 */
export type SessionRef = { room: RoomId; id: ParticipantId; owner: string }

/**
 * How far the deliveries over a connection came, as numbers of the room's log. The client has received everything up to
 * `confirmed`, and the node has sent nothing after `sent`. Whether the client has what is in between is unknown.
 */
export type DeliveryState = { confirmed: number; sent: number }

/** A participant, without the right to write for it. */
export type ParticipantRef = Pick<SessionRef, 'room' | 'id'>

/**
 * One write by a session. The store does it once for each `op`. If the client gave a `rid`, the store does it once for each `rid`
 * and keeps `reply` as its ack. A write whose `rid` was done, or may have been done before the oldest `rid` that the store keeps,
 * is refused as `repeated`. A write that reaches the store after `deadline` is refused as `unavailable`. With a write that is done
 * the store also records `confirmed`: the client has received everything up to there.
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
   * What makes the login once-only. The same token may come again until the client is known to have the ack.
   * One that was `made` before the room was closed is refused.
   */
  token: { id: string; seconds: number; made?: number }
  ticketId: string
  /** False: a lost connection leaves at once. */
  reconnects: boolean
  /** How many participants any room may have, whatever its own limit; 0 or absent: no limit. */
  maxParticipants?: number
  /** The last seq of the room that the node handed on. */
  reached?: number
  deadline?: Deadline | undefined
}

export type Joined = {
  /** The member's own id, or that of the participant who used the same token before. */
  id: ParticipantId
  owner: string
  /** The room's seq at the login. Notifications start after it. */
  seq: number
  roster: Roster
  /** The owner before, when the same token logs in again over a connection that was cut off. */
  previousOwner?: string
  /** The last `rid` that was done over the connection that was cut off, if any. */
  rid?: number
}

export type ResumeRequest = {
  room: RoomId
  id: ParticipantId
  node: string
  ticketId: string
  nextTicketId: string
  /** The last seq that the client has seen, if it can say. */
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
  /** Replay starts after this. */
  from: number
  /** Entries up to here that are at most once may have been seen already. */
  sent: number
  /** False: the log no longer reaches back to `from`; `roster` says how things stand. */
  complete: boolean
  roster?: Roster
  /** The owner before, if its connection may still stand. */
  previousOwner?: string
  /** The node that held the participant last. */
  previousNode: string
  /** The participant's last `rid`, 0 if none. */
  rid: number
  tokenId: string
}

/** What the node with a participant's connection knows of its session. */
export type SessionSnapshot = {
  ref: SessionRef
  member: Member
  /** Those that are good. */
  tickets: IssuedTickets
  /** Whether the client is known to have one of them. */
  ticketConfirmed: boolean
  token: { id: string; seconds: number }
  reconnects: boolean
  /** Where its messages started, and up to where the client is known to have them. */
  joined: number
  confirmed: number
  rid: number
  /** The last seq of the room that the node handed on. */
  reached: number
}

/** A login or relogin whose answer was lost: `ticketId` is the new ticket's, `id` the participant's, or `token` the login token's id. */
export type PendingJoin = { room: RoomId; ticketId: string } & ({ id: ParticipantId } | { token: string })

export type LeaveReason = 'logout' | 'window' | 'dropped' | 'node_lost'

/** On whose authority a participant is removed: its owner's, that of its deadline (ms on the store's clock), or management's. */
export type LeaveGuard = { owner: string } | { due: number } | 'any'

/** The sessions of participants. Every verb is atomic and idempotent. */
export interface SessionStore {
  /** @throws room_full, token_used */
  join(request: JoinRequest): Promise<Joined>
  /** @throws participant_gone, ticket_spent, reconnection_disabled */
  resume(request: ResumeRequest): Promise<Resumed>
  /**
   * Resumes without a ticket. The login token is the one that the participant logged in with, or an unused one.
   * @throws participant_gone, token_used
   */
  rejoin(request: RejoinRequest): Promise<Resumed>
  /** Issues a ticket. The ticket before it stays valid until the new one is used or confirmed. @throws moved */
  renewTicket(ref: SessionRef, ticketId: string, deadline?: Deadline): Promise<void>
  /** The client has received this ticket: the tickets before it are spent, and so is the login token. */
  confirmTicket(ref: SessionRef, token: { id: string; seconds: number }, ticketId: string): Promise<void>
  /** The session that a pending join created. Undefined if it did not, or if the session has another owner since. */
  findByClaim(claim: PendingJoin): Promise<{ ref: SessionRef; confirmed: number } | undefined>
  /**
   * Records that the connection is lost, and opens the reconnect window.
   * @param confirmed as in DeliveryState; undefined if no node knows it
   * @param sent as in DeliveryState; `confirmed` unless given
   * @returns 'left' when the participant does not reconnect
   */
  detach(ref: SessionRef, confirmed?: number, sent?: number): Promise<'waiting' | 'left' | 'moved'>
  /**
   * Removes a participant. Resolves to false if it was gone, or if its deadline has not passed.
   * @throws moved: the session has another owner; unavailable: also after the deadline
   */
  leave(room: RoomId, id: ParticipantId, guard: LeaveGuard, notification?: Draft, deadline?: Deadline): Promise<boolean>
}
