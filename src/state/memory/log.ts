import { type Deadline, refuseLate } from '../../core/deadline.ts'
import { SignalError } from '../../core/errors.ts'
import type { Draft, Entry, RoomId } from '../../core/model.ts'
import type { Log } from '../../core/ports/log.ts'
import type { PubSub } from '../../core/ports/pub-sub.ts'
import type { SessionRef, Write } from '../../core/ports/session-store.ts'
import { fenced } from './fenced-write.ts'
import type { RoomTable } from './room.ts'

export class MemoryLog implements Log {
  readonly #table: RoomTable

  constructor(table: RoomTable) {
    this.#table = table
  }

  async append(write: Write, draft: Draft): Promise<number> {
    return fenced(this.#table, write, (room) => {
      if (draft.to !== undefined && !room.members.has(draft.to)) throw new SignalError('no_such_participant', draft.to)
      return room.append(draft, this.#table.limits)
    })
  }

  async appendFromServer(roomId: RoomId, draft: Draft, dedupeKey?: string, deadline?: Deadline): Promise<number> {
    refuseLate(deadline)
    const room = this.#table.find(roomId)
    const before = dedupeKey === undefined ? undefined : room?.appendedSeqs.get(dedupeKey)
    if (before !== undefined) return before
    if (!room || (draft.to !== undefined && !room.members.has(draft.to)))
      throw new SignalError('no_such_participant', draft.to)
    const seq = room.append(draft, this.#table.limits)
    if (dedupeKey !== undefined) room.appendedSeqs.set(dedupeKey, seq)
    return seq
  }

  async recordReply(write: Write): Promise<void> {
    fenced(this.#table, write, () => undefined)
  }

  async read(room: RoomId, after: number, limit: number): Promise<Entry[]> {
    const log = this.#table.find(room)?.log ?? []
    const start = log.findIndex((entry) => entry.seq > after)
    return start === -1 ? [] : structuredClone(log.slice(start, start + limit))
  }

  async heads(rooms: RoomId[]): Promise<number[]> {
    return rooms.map((room) => this.#table.find(room)?.seq ?? 0)
  }

  async leapIfBehind(id: RoomId, feedPosition: number): Promise<number> {
    const room = this.#table.find(id)
    if (room && room.seq < feedPosition) room.leap(feedPosition, this.#table.limits)
    return room?.seq ?? 0
  }

  async replyTo(ref: SessionRef, rid: number): Promise<{ reply: unknown } | undefined> {
    const replies = this.#table.find(ref.room)?.records.get(ref.id)?.replies
    return replies?.has(rid) ? { reply: replies.get(rid) } : undefined
  }
}

/** Within a process no entry is lost, so no subscription is ever repeated. */
export class MemoryPubSub implements PubSub {
  readonly #table: RoomTable
  readonly #listeners = new Map<RoomId, (entry: Entry) => void>()

  constructor(table: RoomTable) {
    this.#table = table
  }

  async subscribe(room: RoomId, onEntry: (entry: Entry) => void): Promise<void> {
    await this.unsubscribe(room)
    this.#table.make(room).listeners.add(onEntry)
    this.#listeners.set(room, onEntry)
  }

  async unsubscribe(room: RoomId): Promise<void> {
    const onEntry = this.#listeners.get(room)
    if (!onEntry) return
    this.#table.find(room)?.listeners.delete(onEntry)
    this.#listeners.delete(room)
    this.#table.tidy(room)
  }

  onResubscribed(): void {}
}
