import { type Deadline, newDeadline } from '../../core/deadline.ts'
import { SignalError } from '../../core/errors.ts'
import type { Draft, Member, ParticipantId, RoomId, Roster } from '../../core/model.ts'
import type {
  Joined,
  JoinRequest,
  LeaveGuard,
  PendingJoin,
  RejoinRequest,
  Resumed,
  ResumeRequest,
  SessionRef,
  SessionSnapshot,
  SessionStatus,
  SessionStore,
  Write,
} from '../../core/ports/session-store.ts'
import { wellFormed } from '../../core/text.ts'
import { bodyOf } from './entry-json.ts'
import type { Keys } from './keys.ts'
import { openWindow } from './reconnect-window.ts'
import type { RedisReply, Scripts } from './scripts.ts'
import { sessionRecords } from './session-records.ts'
import { writeArgs } from './write-args.ts'

/** How many places one script looks at. */
const maxPipelined = 100

export class RedisSessionStore implements SessionStore {
  readonly #scripts: Scripts
  readonly #keys: Keys

  constructor(scripts: Scripts, keys: Keys) {
    this.#scripts = scripts
    this.#keys = keys
  }

  async join(request: JoinRequest): Promise<Joined> {
    try {
      return await this.#join(request)
    } catch (error) {
      // the token is in use by a participant that may still come again: come as that one
      const holder = error instanceof SignalError && error.code === 'token_used' ? error.detail : ''
      if (holder === '') throw error
      return this.#join({ ...request, member: { ...request.member, id: holder } })
    }
  }

  async #join({
    room,
    member,
    node,
    token,
    ticketId,
    reconnects,
    maxParticipants: most = 0,
    reached = 0,
    deadline,
  }: JoinRequest): Promise<Joined> {
    const keys = this.#keys
    const { id } = member
    const notifications: Draft = { event: 'participant', data: { action: 'join', member }, except: id }
    const reply = await this.#scripts.run(
      'join',
      [
        keys.room(room),
        keys.members(room),
        keys.session(room, id),
        keys.log(room),
        keys.feed(room),
        keys.token(room, token.id),
        keys.streams(room),
        keys.replies(room, id),
        keys.closed(room),
        keys.left(room, id),
      ],
      [
        id,
        node,
        JSON.stringify(member),
        ticketId,
        reconnects ? 1 : 0,
        token.id,
        token.seconds,
        token.made ?? '',
        most,
        reached,
        bodyOf(notifications),
        this.#scripts.clock.latest,
      ],
      deadline,
    )
    const [owner, seq, standing, members, streams, rid] = reply as [string, number, string, string[], string[], number]
    const roster = rosterOf(seq, members, streams)
    const before = { ...(standing === '' ? {} : { previousOwner: standing }), ...(rid > 0 ? { rid } : {}) }
    return { id, owner, seq, roster, ...before }
  }

  async resume({ room, id, node, ticketId, nextTicketId, seq, deadline }: ResumeRequest): Promise<Resumed> {
    const args = [id, node, ticketId, nextTicketId, seq ?? '']
    return resumedOf(await this.#scripts.run('resume', this.#placeKeys(room, id), args, deadline))
  }

  async rejoin({ room, id, node, token, ticketId, deadline }: RejoinRequest): Promise<Resumed> {
    const keys = [...this.#placeKeys(room, id), this.#keys.token(room, token.id)]
    const args = [id, node, ticketId, token.id, token.seconds]
    return resumedOf(await this.#scripts.run('rejoin', keys, args, deadline))
  }

  #placeKeys(room: RoomId, id: ParticipantId): string[] {
    const keys = this.#keys
    return [
      keys.room(room),
      keys.members(room),
      keys.session(room, id),
      keys.log(room),
      keys.streams(room),
      keys.feed(room),
    ]
  }

  async setProfile(write: Write, profile: Member['profile']): Promise<void> {
    const { room, id } = write.ref
    const keys = this.#keys
    const writeKeys = [keys.room(room), keys.session(room, id), keys.log(room), keys.feed(room), keys.replies(room, id)]
    // what else is in the record may be changed meanwhile: then it is read again
    for (;;) {
      const text = await this.#scripts.timed('member', () => this.#scripts.client.hget(keys.members(room), id))
      if (text === null) throw new SignalError('moved')
      const after = JSON.stringify(wellFormed({ ...(JSON.parse(text) as Member), profile }))
      const args = [...writeArgs(write), 'change', id, after, text, '', '']
      if ((await this.#scripts.run('change', [...writeKeys, keys.members(room)], args, write.deadline)) !== 0) return
    }
  }

  async renewTicket({ room, id, owner }: SessionRef, ticketId: string, deadline?: Deadline): Promise<void> {
    await this.#scripts.run('renew-ticket', [this.#keys.session(room, id)], [owner, ticketId], deadline)
  }

  async confirmTicket(
    { room, id, owner }: SessionRef,
    token: { id: string; seconds: number },
    ticketId: string,
  ): Promise<void> {
    const keys = [this.#keys.session(room, id), this.#keys.token(room, token.id)]
    await this.#scripts.run('confirm-ticket', keys, [owner, token.seconds, ticketId])
  }

  async findByClaim(claim: PendingJoin): Promise<{ ref: SessionRef; confirmed: number } | undefined> {
    const { room, ticketId } = claim
    const { client } = this.#scripts
    return this.#scripts.timed('taken', async () => {
      const id = 'id' in claim ? claim.id : await client.get(this.#keys.token(room, claim.token))
      if (id === null) return undefined
      const [owner, issued, confirmed] = await client.hmget(this.#keys.session(room, id), 'owner', 'ticket', 'cursor')
      if (!owner || issued?.split(' ').at(-1) !== ticketId) return undefined
      return { ref: { room, id, owner }, confirmed: Number(confirmed) }
    })
  }

  async detach(ref: SessionRef, confirmed?: number, sent = confirmed): Promise<'waiting' | 'left' | 'moved'> {
    const deliveryState = confirmed === undefined || sent === undefined ? undefined : { confirmed, sent }
    return openWindow(this.#scripts, this.#keys, ref, deliveryState)
  }

  async leave(room: RoomId, id: ParticipantId, guard: LeaveGuard, notifications?: Draft, deadline?: Deadline) {
    const keys = this.#keys
    const [kind, value] = guard === 'any' ? ['any', ''] : 'owner' in guard ? ['owner', guard.owner] : ['due', guard.due]
    const left = await this.#scripts.run(
      'leave',
      [
        keys.room(room),
        keys.members(room),
        keys.session(room, id),
        keys.log(room),
        keys.feed(room),
        keys.streams(room),
        keys.subscriptions(room),
        keys.replies(room, id),
        keys.left(room, id),
      ],
      [id, kind, value, notifications ? bodyOf(notifications) : ''] as (string | number)[],
      deadline,
    )
    return left === 1
  }

  async states(sessionStore: SessionRef[], cursors?: number[]): Promise<('connected' | 'waiting' | 'moved')[]> {
    const standing: ('connected' | 'waiting' | 'moved')[] = []
    const ask = async (indices: number[]) => {
      const some = indices.map((index) => sessionStore[index] as SessionRef)
      const args = indices.flatMap((index) => [sessionStore[index]?.owner ?? '', cursors?.[index] ?? ''])
      const keys = some.map(({ room, id }) => this.#keys.session(room, id))
      const reply = (await this.#scripts.run('session-states', keys, args)) as typeof standing
      for (const [nth, index] of indices.entries()) standing[index] = reply[nth] ?? 'moved'
    }
    await Promise.all(batchesByRoom(sessionStore).map(ask))
    return standing
  }

  async reclaim({ room, id, owner }: SessionRef): Promise<boolean> {
    return (await this.#scripts.run('reclaim', [this.#keys.session(room, id)], [owner], newDeadline())) === 1
  }

  async restore({
    ref,
    tickets,
    ticketConfirmed: proven,
    token,
    reconnects,
    ...more
  }: SessionSnapshot): Promise<boolean> {
    const { room, id, owner } = ref
    const { joined, confirmed, rid, reached } = more
    const member = wellFormed(more.member) // an older node may have written what it came from
    const keys = this.#keys
    const notifications: Draft = { event: 'participant', data: { action: 'join', member }, except: id }
    const sure = await this.#scripts.run(
      'restore',
      [
        keys.room(room),
        keys.members(room),
        keys.session(room, id),
        keys.log(room),
        keys.feed(room),
        keys.token(room, token.id),
        keys.left(room, id),
      ],
      [
        ...[owner, id, JSON.stringify(member), member.changes ?? 0],
        ...[tickets.issued.join(' '), tickets.previous, proven ? 1 : 0],
        ...[token.id, token.seconds, joined, confirmed, rid, reconnects ? 1 : 0, reached, bodyOf(notifications)],
      ],
    )
    return sure === 1
  }

  async unrestored(room: RoomId, leap: number): Promise<SessionRef[]> {
    const { client } = this.#scripts
    return this.#scripts.timed('forsaken', async () => {
      const seats = await sessionRecords(client, this.#keys, room, 'vouched')
      return seats.flatMap(({ id, owner, values: [vouched] }) => {
        if (!owner) return []
        const newest = Math.max(Number(owner.slice(owner.lastIndexOf(':') + 1)), Number(vouched ?? 0))
        return newest < leap ? [{ room, id, owner }] : []
      })
    })
  }

  async list(room: RoomId): Promise<SessionStatus[]> {
    const { client } = this.#scripts
    const seats = await this.#scripts.timed('standing', () =>
      sessionRecords(client, this.#keys, room, 'state', 'deadline'),
    )
    return seats.flatMap(({ id, owner, values: [state, deadline] }) =>
      owner ? [{ ref: { room, id, owner }, waiting: state === 'waiting', deadline: Number(deadline ?? 0) }] : [],
    )
  }

  async roster(room: RoomId): Promise<Roster> {
    const { client } = this.#scripts
    const [seq, members, streams] = await this.#scripts.timed('roster', () =>
      Promise.all([
        client.hget(this.#keys.room(room), 'seq'),
        client.hvals(this.#keys.members(room)),
        client.hvals(this.#keys.streams(room)),
      ]),
    )
    return rosterOf(Number(seq ?? 0), members, streams)
  }
}

/** The indices of places, those of one room together, so many at a time. */
function batchesByRoom(sessionStore: SessionRef[]): number[][] {
  const rooms = new Map<RoomId, number[]>()
  for (const [index, { room }] of sessionStore.entries()) {
    const indices = rooms.get(room)
    if (indices) indices.push(index)
    else rooms.set(room, [index])
  }
  return [...rooms.values()].flatMap((indices) =>
    Array.from({ length: Math.ceil(indices.length / maxPipelined) }, (_, nth) =>
      indices.slice(nth * maxPipelined, (nth + 1) * maxPipelined),
    ),
  )
}

function rosterOf(seq: number, members: string[], streams: string[]): Roster {
  return {
    seq,
    members: members.map((text): Member => JSON.parse(text)),
    streams: streams.map((text) => JSON.parse(text)),
  }
}

function resumedOf(reply: RedisReply): Resumed {
  const [owner, member, from, sent, complete, before, standing, rid, tokenId, members, streams] = reply as [
    owner: string,
    member: string,
    from: number,
    sent: number,
    complete: number,
    before: string,
    standing: number,
    rid: number,
    tokenId: string,
    members?: string[],
    streams?: string[],
  ]
  return {
    owner,
    member: JSON.parse(member),
    from,
    sent,
    complete: complete === 1,
    ...(complete === 1 ? {} : { roster: rosterOf(from, members ?? [], streams ?? []) }),
    ...(standing === 1 ? { previousOwner: before } : {}),
    previousNode: before.slice(0, before.lastIndexOf(':')),
    rid,
    tokenId,
  }
}
