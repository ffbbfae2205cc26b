import { isDeepStrictEqual } from 'node:util'
import { type Deadline, refuseLate } from '../../core/deadline.ts'
import type { Draft, Member, ParticipantId, RoomId, Stream } from '../../core/model.ts'
import type { NodeInfo } from '../../core/ports/node-registry.ts'
import type { Oversight } from '../../core/ports/oversight.ts'
import { removeStreamFrom } from './media-store.ts'
import type { MemoryNodeRegistry } from './node-registry.ts'
import type { RoomTable } from './room.ts'

export class MemoryOversight implements Oversight {
  readonly #table: RoomTable
  readonly #nodes: MemoryNodeRegistry
  /** What was used → until when that is remembered, the oldest first. */
  readonly #used = new Map<string, number>()

  constructor(table: RoomTable, nodes: MemoryNodeRegistry) {
    this.#table = table
    this.#nodes = nodes
  }

  async member(room: RoomId, id: ParticipantId): Promise<Member | undefined> {
    return structuredClone(this.#table.find(room)?.members.get(id))
  }

  async changeMember(name: RoomId, before: Member, after: Member, notifications: Draft, deadline?: Deadline) {
    refuseLate(deadline)
    const room = this.#table.find(name)
    if (!room || !isDeepStrictEqual(room.members.get(before.id), before)) return false
    room.members.set(after.id, structuredClone(after))
    room.say(notifications, this.#table.retention)
    return true
  }

  async changeStream(name: RoomId, before: Stream, after: Stream, notifications: Draft[], deadline?: Deadline) {
    refuseLate(deadline)
    const room = this.#table.find(name)
    if (!room || !isDeepStrictEqual(room.streams.get(before.id), before)) return false
    room.streams.set(after.id, structuredClone(after))
    for (const draft of notifications) room.say(draft, this.#table.retention)
    return true
  }

  async removeStream(name: RoomId, id: string, notifications: Draft[], deadline?: Deadline): Promise<boolean> {
    refuseLate(deadline)
    const room = this.#table.find(name)
    const { retention } = this.#table
    if (!room || !removeStreamFrom(room, id, retention)) return false
    for (const draft of notifications) room.say(draft, retention)
    return true
  }

  async nodes(): Promise<NodeInfo[]> {
    return this.#nodes.info ? [{ ...this.#nodes.info }] : []
  }

  async firstUse(
    deliveryState: string,
    seconds: number,
    deadline?: Deadline,
  ): Promise<{ first: boolean; since: number }> {
    refuseLate(deadline)
    const now = this.#table.now()
    for (const [old, until] of this.#used) {
      if (until > now) break
      this.#used.delete(old)
    }
    if ((this.#used.get(deliveryState) ?? 0) > now) return { first: false, since: 0 }
    this.#used.delete(deliveryState) // so that it goes to the end
    this.#used.set(deliveryState, now + seconds * 1000)
    return { first: true, since: 0 }
  }
}
