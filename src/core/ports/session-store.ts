import type { Deadline } from '../deadline.ts'
import type { Draft, Member, ParticipantId, RoomId, Roster } from '../model.ts'
import type { IssuedTickets } from '../session/issued-tickets.ts'

/**
 * A participant's seat in a room and who may write for it. `owner` is `node:generation`; it changes with every login
 * and relogin, so a node whose participant has moved is refused (docs/architecture.md#invariants, 1).
 */
export type SessionRef = { room: RoomId; id: ParticipantId; owner: string }

/**
 * How far a connection came: the client is known to have everything up to `cursor`, and was sent nothing behind `doubt`.
 */
export type DeliveryState = { confirmed: number; sent: number }

/** How a place stands in the store; `deadline` of one that waits: ms on the store's clock. */
export type SessionStatus = { ref: SessionRef; waiting: boolean; deadline: number }

/** A participant, for those who only tell of it. */
export type ParticipantRef = Pick<SessionRef, 'room' | 'id'>

/**
 * One write by a place: done once per `op`, and per `rid` if the client gave one, whose ack is then `reply`. Another
 * write with a `rid` that was done (or may have been, before those that are known) is refused as `repeated`. A write that
 * the store receives after its `deadline` is refused as `unavailable`: before it is asked, or by the store itself. A write that is
 * done also notes `cursor`: the client is known to have everything up to there.
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
  /** The seq at which the participant came in; notifications start after it. */
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

/** As a ticket's, of one who is known by a login token instead. */
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

/** What the node that has a participant's connection knows of its place. */
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

/** What a login or relogin asked for: `ticketId` is the new one, and `id` its participant's or that of whoever used `token`. */
export type PendingJoin = { room: RoomId; ticketId: string } & ({ id: ParticipantId } | { token: string })

export type LeaveReason = 'logout' | 'window' | 'dropped' | 'node_lost'

/** Why a participant may be taken out: by its owner, because its deadline passed, or because management says so. */
export type LeaveGuard = { owner: string } | { due: number } | 'any'

/** Participants and their seats. Every verb is atomic and may be repeated: a second time changes nothing. */
export interface SessionStore {
  /** @throws room_full, token_used */
  join(request: JoinRequest): Promise<Joined>
  /** @throws participant_gone, ticket_spent, reconnection_disabled */
  resume(request: ResumeRequest): Promise<Resumed>
  /**
   * As resume, for one who needs no ticket: the token it came with, or one that nobody has used, says who it is.
   * @throws participant_gone, token_used
   */
  rejoin(request: RejoinRequest): Promise<Resumed>
  /** Replaces what a dialect keeps of the participant. @throws moved */
  setProfile(write: Write, profile: Member['profile']): Promise<void>
  /** Gives a new ticket id; the one before stays good until the new one is used or known to have arrived. @throws moved */
  renewTicket(ref: SessionRef, ticketId: string, deadline?: Deadline): Promise<void>
  /** The client is known to have this ticket: those issued before it are spent, and so is the login token. */
  confirmTicket(ref: SessionRef, token: { id: string; seconds: number }, ticketId: string): Promise<void>
  /** The place that a login or relogin took; undefined if it did not, or another has taken it since. */
  findByClaim(claim: PendingJoin): Promise<{ ref: SessionRef; confirmed: number } | undefined>
  /**
   * The connection is lost. `cursor` and `doubt` (which is `cursor` unless given) as in a mark, unless nobody knows.
   * 'left' when the participant does not reconnect.
   */
  detach(ref: SessionRef, confirmed?: number, sent?: number): Promise<'waiting' | 'left' | 'moved'>
  /**
   * Whether it went: false if it was gone, or is not due.
   * @throws moved: the place is another owner's; unavailable: also after the deadline
   */
  leave(
    room: RoomId,
    id: ParticipantId,
    guard: LeaveGuard,
    notifications?: Draft,
    deadline?: Deadline,
  ): Promise<boolean>
  /** How each place stands. With `cursors`, notes how far the client of each connected one is known to have come. */
  states(sessionStore: SessionRef[], cursors?: number[]): Promise<('connected' | 'waiting' | 'moved')[]>
  /** Connected again over the connection that it has, after its node was declared dead. False if it has moved. */
  reclaim(ref: SessionRef): Promise<boolean>
  /**
   * Makes a place what its node knows of it, where the store may have lost its newest writes. False if the participant
   * has moved since, or left. One that the store did not know is told to the others.
   */
  restore(vouch: SessionSnapshot): Promise<boolean>
  /** Places of before a leap for which no node has vouched since: of participants that wait, or had left or moved. */
  unrestored(room: RoomId, leap: number): Promise<SessionRef[]>
  /** All places of a room. */
  list(room: RoomId): Promise<SessionStatus[]>
  roster(room: RoomId): Promise<Roster>
}
