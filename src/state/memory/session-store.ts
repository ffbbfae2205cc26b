import { type Deadline, refuseLate } from '../../core/deadline.ts'
import { SignalError } from '../../core/errors.ts'
import type { Draft, Member, ParticipantId, RoomId } from '../../core/model.ts'
import type {
  Joined,
  JoinRequest,
  LeaveGuard,
  RejoinRequest,
  Resumed,
  ResumeRequest,
  SessionRef,
  SessionStore,
  UnansweredOpening,
} from '../../core/ports/session-store.ts'
import { newestTicket, withConfirmed, withRenewed, withUsed } from '../../core/session/issued-tickets.ts'
import { removeMediaOf } from './media-store.ts'
import { ownedRecord, type RoomRecord, type RoomTable, type SessionRecord } from './room.ts'
import { refuseSuperseded, takeOver } from './takeover.ts'

export class MemorySessionStore implements SessionStore {
  readonly #table: RoomTable

  constructor(table: RoomTable) {
    this.#table = table
  }

  async join(request: JoinRequest): Promise<Joined> {
    refuseLate(request.deadline)
    const { node, token } = request
    const { made = Number.POSITIVE_INFINITY } = token
    if (made <= (this.#table.closedAt(request.room) ?? Number.NEGATIVE_INFINITY)) throw new SignalError('token_expired')
    const room = this.#table.make(request.room)
    const used = room.tokens.get(token.id)
    const holder = used && used.until > this.#table.now() ? used.holder : undefined
    const id = holder ?? request.member.id
    const before = room.records.get(id)
    if (holder === 'used' || before?.ticketConfirmed) throw new SignalError('token_used')
    refuseSuperseded(before, request.deadline)
    const limit = room.options?.participantLimit ?? -1
    const maxMembers = Math.min(limit > 0 ? limit : Infinity, request.maxParticipants || Infinity)
    if (!before && room.members.size >= maxMembers) throw new SignalError('room_full')

    const member: Member = structuredClone({ ...request.member, id })
    room.members.set(id, member)
    this.#table.count(request.room)
    room.tokens.set(token.id, { holder: id, until: this.#table.now() + token.seconds * 1000 })
    const owner = `${node}:${room.nextGeneration()}`
    const notification: Draft = { event: 'participant', data: { action: 'join', member }, except: id }
    if (!before && notifiesOfParticipants(room)) room.append(notification, this.#table.limits)
    room.records.set(id, newRecord(request, owner, room.seq, before))
    const previousOwner = before?.state === 'connected' ? { previousOwner: before.owner } : {}
    const rid = before && before.rid > 0 ? { rid: before.rid } : {}
    return { id, owner, seq: room.seq, roster: room.roster(), ...previousOwner, ...rid }
  }

  async resume({ room: roomId, id, node, ticketId, nextTicketId, seq, deadline }: ResumeRequest): Promise<Resumed> {
    refuseLate(deadline)
    const room = this.#table.find(roomId)
    const record = room?.records.get(id)
    if (!room || !record) throw new SignalError('participant_gone')
    if (!record.reconnects) throw new SignalError('reconnection_disabled')
    const tickets = withUsed(record.tickets, ticketId, nextTicketId)
    if (!tickets) throw new SignalError('ticket_spent')
    refuseSuperseded(record, deadline)
    return takeOver(room, id, record, { node, seq, tickets, deadline })
  }

  async rejoin({ room: roomId, id, node, token, ticketId, deadline }: RejoinRequest): Promise<Resumed> {
    refuseLate(deadline)
    const room = this.#table.find(roomId)
    const record = room?.records.get(id)
    if (!room || !record) throw new SignalError('participant_gone')
    refuseSuperseded(record, deadline)
    if (token.id !== record.token) {
      const now = this.#table.now()
      if ((room.tokens.get(token.id)?.until ?? 0) > now) throw new SignalError('token_used')
      room.tokens.set(token.id, { holder: id, until: now + token.seconds * 1000 })
      record.token = token.id
    }
    return takeOver(room, id, record, { node, seq: undefined, tickets: { previous: '', issued: [ticketId] }, deadline })
  }

  async renewTicket(ref: SessionRef, ticketId: string, deadline?: Deadline): Promise<void> {
    refuseLate(deadline)
    const record = ownedRecord(this.#table, ref)
    if (!record) throw new SignalError('moved')
    record.tickets = withRenewed(record.tickets, ticketId)
  }

  async confirmTicket(ref: SessionRef, token: { id: string; seconds: number }, ticketId: string): Promise<void> {
    const record = ownedRecord(this.#table, ref)
    if (!record) return
    record.ticketConfirmed = true
    record.tickets = withConfirmed(record.tickets, ticketId)
    const until = this.#table.now() + token.seconds * 1000
    this.#table.make(ref.room).tokens.set(token.id, { holder: 'used', until })
  }

  async findOpened(opening: UnansweredOpening): Promise<{ ref: SessionRef; confirmed: number } | undefined> {
    const room = this.#table.find(opening.room)
    const id = 'id' in opening ? opening.id : room?.tokens.get(opening.token)?.holder
    const record = room?.records.get(id ?? '')
    if (!id || !record || newestTicket(record.tickets) !== opening.ticketId) return undefined
    return { ref: { room: opening.room, id, owner: record.owner }, confirmed: record.confirmed }
  }

  async detach(ref: SessionRef, confirmed?: number, sent = confirmed): Promise<'waiting' | 'left' | 'moved'> {
    const record = ownedRecord(this.#table, ref)
    if (!record) return 'moved'
    if (!record.reconnects) return 'left'
    if (record.state === 'waiting') return 'waiting'
    const { limits, now } = this.#table
    Object.assign(record, {
      state: 'waiting',
      windowEnd: now() + limits.window * 1000,
      confirmed: confirmed ?? record.confirmed,
      inDoubtUpTo: Math.max(record.inDoubtUpTo, sent ?? this.#table.find(ref.room)?.seq ?? 0),
    } satisfies Partial<SessionRecord>)
    return 'waiting'
  }

  async leave(roomId: RoomId, id: ParticipantId, guard: LeaveGuard, notification?: Draft, deadline?: Deadline) {
    refuseLate(deadline)
    const room = this.#table.find(roomId)
    const record = room?.records.get(id)
    const member = room?.members.get(id)
    if (!room || !record || !member) return false
    if (guard !== 'any' && 'owner' in guard && guard.owner !== record.owner) throw new SignalError('moved')
    if (!this.#mayLeave(record, guard)) return false
    const { limits } = this.#table
    if (notification) room.append(notification, limits)
    room.records.delete(id)
    room.members.delete(id)
    if (notifiesOfParticipants(room)) room.append({ event: 'participant', data: { action: 'leave', member } }, limits)
    removeMediaOf(room, id, limits)
    this.#table.tidy(roomId)
    return true
  }

  #mayLeave(record: SessionRecord, guard: LeaveGuard): boolean {
    if (guard === 'any' || 'owner' in guard) return true
    return record.state === 'waiting' && record.windowEnd <= guard.windowEnd
  }
}

function notifiesOfParticipants(room: RoomRecord): boolean {
  return room.options?.notifying?.participantActivities ?? true
}

function newRecord(request: JoinRequest, owner: string, seq: number, before?: SessionRecord): SessionRecord {
  return {
    owner,
    state: 'connected',
    windowEnd: 0,
    tickets: { previous: '', issued: [request.ticketId] },
    ticketConfirmed: false,
    token: request.token.id,
    joined: seq,
    confirmed: seq,
    inDoubtUpTo: 0,
    reconnects: request.reconnects,
    takeoverDeadline: request.deadline ?? 0,
    op: '',
    result: undefined,
    rid: before?.rid ?? 0,
    forgotten: before?.forgotten ?? 0,
    replies: before?.replies ?? new Map(),
  }
}
