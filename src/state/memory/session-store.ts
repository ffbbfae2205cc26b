import { type Deadline, refuseLate, requestTimeoutMs } from '../../core/deadline.ts'
import { Overtaken, SignalError } from '../../core/errors.ts'
import { type Draft, follows, type Member, type ParticipantId, type RoomId, type Roster } from '../../core/model.ts'
import type {
  Claim,
  Joined,
  JoinRequest,
  LeaveGuard,
  Place,
  PlaceState,
  Places,
  Resumed,
  ResumeRequest,
  ReturnRequest,
  Vouch,
  Write,
} from '../../core/ports/session-store.ts'
import {
  type IssuedTickets,
  newestTicket,
  withConfirmed,
  withRenewed,
  withUsed,
} from '../../core/session/issued-tickets.ts'
import { fenced } from './fenced-write.ts'
import { removeMediaOf } from './media-store.ts'
import type { Room, RoomTable, Seat } from './room.ts'

export class MemoryPlaces implements Places {
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
    const before = room.seats.get(id)
    if (holder === 'used' || before?.proven) throw new SignalError('token_used')
    refuseOvertaken(before, request.deadline)
    const limit = room.options?.participantLimit ?? -1
    const most = Math.min(limit > 0 ? limit : Infinity, request.most || Infinity)
    if (!before && room.members.size >= most) throw new SignalError('room_full')

    const member: Member = structuredClone({ ...request.member, id })
    room.members.set(id, member)
    this.#table.count(request.room)
    room.tokens.set(token.id, { holder: id, until: this.#table.now() + token.seconds * 1000 })
    const owner = `${node}:${room.nextGeneration()}`
    const told: Draft = { event: 'participant', data: { action: 'join', member }, except: id }
    if (!before && announces(room)) room.say(told, this.#table.retention)
    room.seats.set(id, newSeat(request, owner, room.seq, before))
    const previousOwner = before?.state === 'connected' ? { previousOwner: before.owner } : {}
    const rid = before && before.rid > 0 ? { rid: before.rid } : {}
    return { id, owner, seq: room.seq, roster: room.roster(), ...previousOwner, ...rid }
  }

  async resume({ room: name, id, node, ticketId, nextTicketId, seq, deadline }: ResumeRequest): Promise<Resumed> {
    refuseLate(deadline)
    const room = this.#table.find(name)
    const seat = room?.seats.get(id)
    if (!room || !seat) throw new SignalError('participant_gone')
    if (!seat.reconnects) throw new SignalError('reconnection_disabled')
    const tickets = withUsed(seat.tickets, ticketId, nextTicketId)
    if (!tickets) throw new SignalError('ticket_spent')
    refuseOvertaken(seat, deadline)
    return reseat(room, id, seat, { node, seq, tickets, deadline })
  }

  async comeBack({ room: name, id, node, token, ticketId, deadline }: ReturnRequest): Promise<Resumed> {
    refuseLate(deadline)
    const room = this.#table.find(name)
    const seat = room?.seats.get(id)
    if (!room || !seat) throw new SignalError('participant_gone')
    refuseOvertaken(seat, deadline)
    if (token.id !== seat.token) {
      const now = this.#table.now()
      if ((room.tokens.get(token.id)?.until ?? 0) > now) throw new SignalError('token_used')
      room.tokens.set(token.id, { holder: id, until: now + token.seconds * 1000 })
      seat.token = token.id
    }
    return reseat(room, id, seat, { node, seq: undefined, tickets: { previous: '', issued: [ticketId] }, deadline })
  }

  async describe(write: Write, profile: Member['profile']): Promise<void> {
    fenced(this.#table, write, ({ members }) => {
      const { id } = write.place
      const member = members.get(id)
      if (member) members.set(id, structuredClone({ ...member, profile }))
    })
  }

  async renew(place: Place, ticketId: string, deadline?: Deadline): Promise<void> {
    refuseLate(deadline)
    const seat = this.#owned(place)
    if (!seat) throw new SignalError('moved')
    seat.tickets = withRenewed(seat.tickets, ticketId)
  }

  async settle(place: Place, token: { id: string; seconds: number }, ticketId: string): Promise<void> {
    const seat = this.#owned(place)
    if (!seat) return
    seat.proven = true
    seat.tickets = withConfirmed(seat.tickets, ticketId)
    const until = this.#table.now() + token.seconds * 1000
    this.#table.make(place.room).tokens.set(token.id, { holder: 'used', until })
  }

  async taken(claim: Claim): Promise<{ place: Place; cursor: number } | undefined> {
    const room = this.#table.find(claim.room)
    const id = 'id' in claim ? claim.id : room?.tokens.get(claim.token)?.holder
    const seat = room?.seats.get(id ?? '')
    if (!id || !seat || newestTicket(seat.tickets) !== claim.ticketId) return undefined
    return { place: { room: claim.room, id, owner: seat.owner }, cursor: seat.cursor }
  }

  async detach(place: Place, cursor?: number, doubt = cursor): Promise<'waiting' | 'left' | 'moved'> {
    const seat = this.#owned(place)
    if (!seat) return 'moved'
    if (!seat.reconnects) return 'left'
    if (seat.state === 'waiting') return 'waiting'
    const { retention, now } = this.#table
    Object.assign(seat, {
      state: 'waiting',
      deadline: now() + retention.window * 1000,
      cursor: cursor ?? seat.cursor,
      doubt: Math.max(seat.doubt, doubt ?? this.#table.find(place.room)?.seq ?? 0),
    } satisfies Partial<Seat>)
    return 'waiting'
  }

  async leave(name: RoomId, id: ParticipantId, guard: LeaveGuard, told?: Draft, deadline?: Deadline) {
    refuseLate(deadline)
    const room = this.#table.find(name)
    const seat = room?.seats.get(id)
    const member = room?.members.get(id)
    if (!room || !seat || !member) return false
    if (guard !== 'any' && 'owner' in guard && guard.owner !== seat.owner) throw new SignalError('moved')
    if (!this.#mayLeave(seat, guard)) return false
    const { retention } = this.#table
    if (told) room.say(told, retention)
    room.seats.delete(id)
    room.members.delete(id)
    if (announces(room)) room.say({ event: 'participant', data: { action: 'leave', member } }, retention)
    removeMediaOf(room, id, retention)
    this.#table.tidy(name)
    return true
  }

  async held(places: Place[], cursors?: number[]): Promise<('connected' | 'waiting' | 'moved')[]> {
    return places.map((place, index) => {
      const seat = this.#owned(place)
      if (!seat) return 'moved'
      if (cursors && seat.state === 'connected') seat.cursor = Math.max(seat.cursor, cursors[index] ?? 0)
      return seat.state
    })
  }

  async reclaim(place: Place): Promise<boolean> {
    const seat = this.#owned(place)
    if (seat) seat.state = 'connected'
    return seat !== undefined
  }

  /** What is kept in the process of the only node is not lost before the node is. */
  async vouch({ place }: Vouch): Promise<boolean> {
    return this.reclaim(place)
  }

  async forsaken(): Promise<Place[]> {
    return []
  }

  async standing(room: RoomId): Promise<PlaceState[]> {
    const seats = [...(this.#table.find(room)?.seats ?? [])]
    return seats.map(([id, { owner, state, deadline }]) => ({
      place: { room, id, owner },
      waiting: state === 'waiting',
      deadline,
    }))
  }

  async roster(room: RoomId): Promise<Roster> {
    return this.#table.find(room)?.roster() ?? { seq: 0, members: [], streams: [] }
  }

  #owned(place: Place): Seat | undefined {
    const seat = this.#table.find(place.room)?.seats.get(place.id)
    return seat?.owner === place.owner ? seat : undefined
  }

  #mayLeave(seat: Seat, guard: LeaveGuard): boolean {
    if (guard === 'any' || 'owner' in guard) return true
    return seat.state === 'waiting' && seat.deadline <= guard.due
  }
}

function announces(room: Room): boolean {
  return room.options?.notifying?.participantActivities ?? true
}

function newSeat(request: JoinRequest, owner: string, seq: number, before?: Seat): Seat {
  return {
    owner,
    state: 'connected',
    deadline: 0,
    tickets: { previous: '', issued: [request.ticketId] },
    proven: false,
    token: request.token.id,
    joined: seq,
    cursor: seq,
    doubt: 0,
    reconnects: request.reconnects,
    taken: request.deadline ?? 0,
    op: '',
    result: undefined,
    rid: before?.rid ?? 0,
    forgotten: before?.forgotten ?? 0,
    replies: before?.replies ?? new Map(),
  }
}

/** Refuses a request that arrived before the one that has the place: its client has reconnected since. */
function refuseOvertaken(seat: Seat | undefined, deadline: Deadline | undefined): void {
  if (!seat || deadline === undefined || seat.taken <= deadline || seat.taken - deadline > requestTimeoutMs) return
  throw new Overtaken()
}

type Reseating = {
  node: string
  seq: number | undefined
  tickets: IssuedTickets
  deadline: Deadline | undefined
}

/** Gives a place to a new owner, who goes on after `seq`, or after what the last one was handed. */
function reseat(room: Room, id: ParticipantId, seat: Seat, { node, seq, tickets, deadline }: Reseating): Resumed {
  const standing = seat.state === 'connected'
  const before = seat.owner
  const doubt = seq !== undefined ? 0 : standing ? room.seq : seat.doubt
  const wanted = Math.min(Math.max(seat.joined, seq ?? seat.cursor), room.seq)
  const next = room.log.find((entry) => entry.seq > wanted)
  const complete = wanted === room.seq || (next !== undefined && follows(next, wanted))
  // behind a leap nothing is missing; what a log has forgotten is
  const from = complete ? wanted : next?.event === 'leap' ? next.seq : room.seq
  const owner = `${node}:${room.nextGeneration()}`
  Object.assign(seat, {
    owner,
    state: 'connected',
    tickets,
    proven: true,
    taken: deadline ?? 0,
    cursor: from,
    doubt,
  } satisfies Partial<Seat>)
  return structuredClone({
    owner,
    member: room.members.get(id) as Member,
    from,
    doubt,
    complete,
    ...(complete ? {} : { roster: room.roster() }),
    ...(standing ? { previousOwner: before } : {}),
    previousNode: before.slice(0, before.lastIndexOf(':')),
    rid: seat.rid,
    tokenId: seat.token,
  })
}
