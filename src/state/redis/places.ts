import { SignalError } from '../../core/errors.ts'
import { newId } from '../../core/ids.ts'
import type { Draft, Member, ParticipantId, RoomId, Roster } from '../../core/model.ts'
import type { Joined, JoinRequest, LeaveGuard, Place, Places, Resumed, ResumeRequest } from '../../core/ports/places.ts'
import { bodyOf } from './draft.ts'
import type { Keys } from './keys.ts'
import type { Reply, Scripts } from './scripts.ts'
import { openWindow } from './window.ts'

export class RedisPlaces implements Places {
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

  async #join({ room, member, node, token, ticketId, reconnects, most, at }: JoinRequest): Promise<Joined> {
    const keys = this.#keys
    const { id } = member
    const told: Draft = { at, event: 'participant', data: { action: 'join', member }, except: id }
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
      ],
      [
        id,
        node,
        JSON.stringify(member),
        ticketId,
        reconnects ? 1 : 0,
        token.id,
        token.seconds,
        newId(),
        most,
        bodyOf(told),
      ],
    )
    const [owner, seq, standing, members, streams] = reply as [string, number, string, string[], string[]]
    const roster = rosterOf(seq, members, streams)
    return { id, owner, seq, roster, ...(standing === '' ? {} : { previousOwner: standing }) }
  }

  async resume({ room, id, node, ticketId, nextTicketId, seq }: ResumeRequest): Promise<Resumed> {
    const keys = this.#keys
    const reply = (await this.#scripts.run(
      'resume',
      [keys.room(room), keys.members(room), keys.session(room, id), keys.log(room), keys.streams(room)],
      [id, node, ticketId, nextTicketId, seq ?? ''],
    )) as Reply[]
    const [owner, member, from, doubt, complete, before, standing, rid, tokenId] = reply as [
      string,
      string,
      number,
      number,
      number,
      string,
      number,
      number,
      string,
    ]
    return {
      owner,
      member: JSON.parse(member),
      from,
      doubt,
      complete: complete === 1,
      ...(complete === 1 ? {} : { roster: rosterOf(from, reply[9] as string[], reply[10] as string[]) }),
      ...(standing === 1 ? { previousOwner: before } : {}),
      previousNode: before.slice(0, before.lastIndexOf(':')),
      rid,
      tokenId,
    }
  }

  async renew({ room, id, owner }: Place, ticketId: string): Promise<void> {
    await this.#scripts.run('renew', [this.#keys.session(room, id)], [owner, ticketId])
  }

  async settle({ room, id, owner }: Place, token: { id: string; seconds: number }): Promise<void> {
    const keys = [this.#keys.session(room, id), this.#keys.token(room, token.id)]
    await this.#scripts.run('settle', keys, [owner, token.seconds])
  }

  async detach(place: Place, cursor: number): Promise<'waiting' | 'left' | 'moved'> {
    return openWindow(this.#scripts, this.#keys, place, cursor)
  }

  async leave(room: RoomId, id: ParticipantId, guard: LeaveGuard, at: number, told?: Draft): Promise<boolean> {
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
      ],
      [id, kind, value, at, told ? bodyOf(told) : ''] as (string | number)[],
    )
    return left === 1
  }

  async held(places: Place[], cursors?: number[]): Promise<('connected' | 'waiting' | 'moved')[]> {
    const ask = async ({ room, id, owner }: Place, index: number) => {
      const reply = await this.#scripts.run('held', [this.#keys.session(room, id)], [owner, cursors?.[index] ?? ''])
      return reply as 'connected' | 'waiting' | 'moved'
    }
    return Promise.all(places.map(ask))
  }

  async reclaim({ room, id, owner }: Place): Promise<boolean> {
    return (await this.#scripts.run('reclaim', [this.#keys.session(room, id)], [owner])) === 1
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

function rosterOf(seq: number, members: string[], streams: string[]): Roster {
  return {
    seq,
    members: members.map((text): Member => JSON.parse(text)),
    streams: streams.map((text) => JSON.parse(text)),
  }
}
