import type { Deadline } from '../../core/deadline.ts'
import { SignalError } from '../../core/errors.ts'
import type { Draft, Member, ParticipantId, RoomId, Roster } from '../../core/model.ts'
import type { RosterStore } from '../../core/ports/roster-store.ts'
import type { Write } from '../../core/ports/session-store.ts'
import { wellFormed } from '../../core/text.ts'
import { bodyOf } from './entry-json.ts'
import type { Keys } from './keys.ts'
import { rosterOf } from './replies.ts'
import type { Scripts } from './scripts.ts'
import { writeArgs } from './write-args.ts'

export class RedisRosterStore implements RosterStore {
  readonly #scripts: Scripts
  readonly #keys: Keys

  constructor(scripts: Scripts, keys: Keys) {
    this.#scripts = scripts
    this.#keys = keys
  }

  async roster(room: RoomId): Promise<Roster> {
    const { client } = this.#scripts
    const [seq, members, streams] = await this.#scripts.call('roster', () =>
      Promise.all([
        client.hget(this.#keys.room(room), 'seq'),
        client.hvals(this.#keys.members(room)),
        client.hvals(this.#keys.streams(room)),
      ]),
    )
    return rosterOf(Number(seq ?? 0), members, streams)
  }

  async member(room: RoomId, id: ParticipantId): Promise<Member | undefined> {
    const text = await this.#scripts.call('member', () => this.#scripts.client.hget(this.#keys.members(room), id))
    return text === null ? undefined : JSON.parse(text)
  }

  async setProfile(write: Write, profile: Member['profile']): Promise<void> {
    const { room, id } = write.ref
    const keys = this.#keys
    const writeKeys = [keys.room(room), keys.session(room, id), keys.log(room), keys.feed(room), keys.replies(room, id)]
    // another write may change the rest of the member in the meantime: then the node reads it again
    for (;;) {
      const text = await this.#scripts.call('member', () => this.#scripts.client.hget(keys.members(room), id))
      if (text === null) throw new SignalError('moved')
      const after = JSON.stringify(wellFormed({ ...(JSON.parse(text) as Member), profile }))
      const args = [...writeArgs(write), 'change', id, after, text, '', '']
      if ((await this.#scripts.run('change', [...writeKeys, keys.members(room)], args, write.deadline)) !== 0) return
    }
  }

  async changeMember(room: RoomId, before: Member, after: Member, notification: Draft, deadline?: Deadline) {
    const keys = this.#keys
    const changed = await this.#scripts.run(
      'admin-member',
      [keys.room(room), keys.members(room), keys.log(room), keys.feed(room)],
      [before.id, JSON.stringify(before), JSON.stringify(after), bodyOf(notification)],
      deadline,
    )
    return changed === 1
  }
}
