import { isDeepStrictEqual } from 'node:util'
import { type Deadline, refuseLate } from '../../core/deadline.ts'
import type { Draft, Member, ParticipantId, RoomId, Roster } from '../../core/model.ts'
import type { RosterStore } from '../../core/ports/roster-store.ts'
import type { Write } from '../../core/ports/session-store.ts'
import { fenced } from './fenced-write.ts'
import type { RoomTable } from './room.ts'

export class MemoryRosterStore implements RosterStore {
  readonly #table: RoomTable

  constructor(table: RoomTable) {
    this.#table = table
  }

  async roster(room: RoomId): Promise<Roster> {
    return this.#table.find(room)?.roster() ?? { seq: 0, members: [], streams: [] }
  }

  async member(room: RoomId, id: ParticipantId): Promise<Member | undefined> {
    return structuredClone(this.#table.find(room)?.members.get(id))
  }

  async setProfile(write: Write, profile: Member['profile']): Promise<void> {
    fenced(this.#table, write, ({ members }) => {
      const { id } = write.ref
      const member = members.get(id)
      if (member) members.set(id, structuredClone({ ...member, profile }))
    })
  }

  async changeMember(roomId: RoomId, before: Member, after: Member, notification: Draft, deadline?: Deadline) {
    refuseLate(deadline)
    const room = this.#table.find(roomId)
    if (!room || !isDeepStrictEqual(room.members.get(before.id), before)) return false
    room.members.set(after.id, structuredClone(after))
    room.append(notification, this.#table.limits)
    return true
  }
}
