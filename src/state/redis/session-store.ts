import type { Deadline } from '../../core/deadline.ts'
import { SignalError } from '../../core/errors.ts'
import type { Draft, ParticipantId, RoomId } from '../../core/model.ts'
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
import { bodyOf } from './entry-json.ts'
import type { Keys } from './keys.ts'
import { resumedOf, rosterOf } from './replies.ts'
import type { Scripts } from './scripts.ts'
import { openWindow } from './window-scripts.ts'

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
      // a participant that has not confirmed its ticket holds the token: this login repeats its login
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
    maxParticipants = 0,
    feedPosition = 0,
    deadline,
  }: JoinRequest): Promise<Joined> {
    const { id } = member
    const notification: Draft = { event: 'participant', data: { action: 'join', member }, except: id }
    const reply = await this.#scripts.run(
      'join',
      this.#joinKeys(room, id, token.id),
      [
        id,
        node,
        JSON.stringify(member),
        ticketId,
        reconnects ? 1 : 0,
        token.id,
        token.seconds,
        token.made ?? '',
        maxParticipants,
        feedPosition,
        bodyOf(notification),
        this.#scripts.clock.latest,
      ],
      deadline,
    )
    const [owner, seq, previousOwner, members, streams, rid] = reply as [
      string,
      number,
      string,
      string[],
      string[],
      number,
    ]
    const roster = rosterOf(seq, members, streams)
    return { id, owner, seq, roster, ...(previousOwner === '' ? {} : { previousOwner }), ...(rid > 0 ? { rid } : {}) }
  }

  #joinKeys(room: RoomId, id: ParticipantId, tokenId: string): string[] {
    const keys = this.#keys
    return [
      keys.room(room),
      keys.members(room),
      keys.session(room, id),
      keys.log(room),
      keys.feed(room),
      keys.token(room, tokenId),
      keys.streams(room),
      keys.closed(room),
      keys.left(room, id),
    ]
  }

  async resume({ room, id, node, ticketId, nextTicketId, seq, deadline }: ResumeRequest): Promise<Resumed> {
    const args = [id, node, ticketId, nextTicketId, seq ?? '']
    return resumedOf(await this.#scripts.run('resume', this.#sessionKeys(room, id), args, deadline))
  }

  async rejoin({ room, id, node, token, ticketId, deadline }: RejoinRequest): Promise<Resumed> {
    const keys = [...this.#sessionKeys(room, id), this.#keys.token(room, token.id)]
    const args = [id, node, ticketId, token.id, token.seconds]
    return resumedOf(await this.#scripts.run('rejoin', keys, args, deadline))
  }

  #sessionKeys(room: RoomId, id: ParticipantId): string[] {
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

  async findOpened(opening: UnansweredOpening): Promise<{ ref: SessionRef; confirmed: number } | undefined> {
    const { room, ticketId } = opening
    const { client } = this.#scripts
    return this.#scripts.call('pending-join', async () => {
      const id = 'id' in opening ? opening.id : await client.get(this.#keys.token(room, opening.token))
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

  async leave(room: RoomId, id: ParticipantId, guard: LeaveGuard, notification?: Draft, deadline?: Deadline) {
    const keys = this.#keys
    const [kind, value] =
      guard === 'any' ? ['any', ''] : 'owner' in guard ? ['owner', guard.owner] : ['window_end', guard.windowEnd]
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
      [id, kind, value, notification ? bodyOf(notification) : ''] as (string | number)[],
      deadline,
    )
    return left === 1
  }
}
