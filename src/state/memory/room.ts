import type {
  Draft,
  Entry,
  LeapEntryData,
  Member,
  ParticipantId,
  RoomId,
  RoomOptions,
  Roster,
  Stream,
  Subscription,
} from '../../core/model.ts'
import type { SessionRef } from '../../core/ports/session-store.ts'
import type { StoreLimits } from '../../core/ports/store.ts'
import type { IssuedTickets } from '../../core/session/issued-tickets.ts'

/** A session in memory. Its fields correspond to those of the Redis hash `session`. */
export type SessionRecord = {
  owner: string
  state: 'connected' | 'waiting'
  windowEnd: number
  tickets: IssuedTickets
  ticketConfirmed: boolean
  token: string
  joined: number
  confirmed: number
  inDoubtUpTo: number
  reconnects: boolean
  /** The deadline of the login or resume that made `owner` the owner; 0 if it had none. */
  takeoverDeadline: number
  op: string
  result: unknown
  rid: number
  /** The highest `rid` whose ack the store has deleted. */
  forgotten: number
  replies: Map<number, unknown>
}

/** The newest generation of all rooms. They share it, so that a room which is created again never repeats one. */
type Generations = { last: number }

/** Everything about one room. */
export class RoomRecord {
  readonly #generations: Generations
  readonly members = new Map<ParticipantId, Member>()
  readonly records = new Map<ParticipantId, SessionRecord>()
  readonly streams = new Map<string, Stream>()
  readonly subscriptions = new Map<string, Subscription>()
  readonly listeners = new Set<(entry: Entry) => void>()
  /** Login tokens that were used: by which participant, or 'used' if its login cannot be repeated any more. */
  readonly tokens = new Map<string, { holder: ParticipantId | 'used'; until: number }>()
  /** Dedupe key → seq of the entry that was appended with it, for as long as the log has it. */
  readonly appendedSeqs = new Map<string, number>()
  options: Partial<RoomOptions> | undefined
  log: Entry[] = []
  seq = 0

  readonly #now: () => number

  constructor(generations: Generations, now: () => number) {
    this.#generations = generations
    this.#now = now
  }

  /** The generation of the next owner of a session. */
  nextGeneration(): number {
    this.#generations.last += 1
    return this.#generations.last
  }

  append(draft: Draft, limits: StoreLimits): number {
    this.seq += 1
    // a copy, as from a store over a network
    const entry: Entry = structuredClone({ ...draft, seq: this.seq, at: this.#now() })
    this.log.push(entry)
    if (this.log.length > limits.entries || this.seq % 64 === 0) this.#trim(entry.at - limits.log * 1000, limits)
    for (const onEntry of this.listeners) queueMicrotask(() => onEntry(entry))
    return this.seq
  }

  /** Continues the numbers far above `feedPosition`, the last seq that a node has delivered of an earlier room with this id. */
  leap(feedPosition: number, limits: StoreLimits): void {
    const data: LeapEntryData = { after: this.seq }
    const { last } = this.#generations
    this.seq = Math.max(Math.max(this.seq, feedPosition, last) + 1_000_000, this.#now()) - 1
    this.#generations.last = Math.max(last, this.seq + 1)
    this.append({ event: 'leap', data }, limits)
  }

  roster(): Roster {
    return structuredClone({ seq: this.seq, members: [...this.members.values()], streams: [...this.streams.values()] })
  }

  #trim(before: number, { entries }: StoreLimits): void {
    const kept = this.log.findIndex((entry) => entry.at >= before)
    this.log = this.log.slice(Math.max(kept === -1 ? this.log.length : kept, this.log.length - entries))
    const oldest = this.log[0]?.seq ?? this.seq + 1
    for (const [dedupeKey, seq] of this.appendedSeqs) if (seq < oldest) this.appendedSeqs.delete(dedupeKey)
  }
}

/** All rooms of the process, by id. */
export class RoomTable {
  readonly #rooms = new Map<RoomId, RoomRecord>()
  /** Rooms that are configured or have participants, and rooms that were admitted for a login in progress. */
  readonly #open = new Set<RoomId>()
  readonly #generations: Generations = { last: 0 }
  /** When management closed each room, and until when the store remembers it. The oldest comes first. */
  readonly #closed = new Map<RoomId, { at: number; until: number }>()
  readonly limits: StoreLimits
  readonly now: () => number

  constructor(limits: StoreLimits, now: () => number) {
    this.limits = limits
    this.now = now
  }

  find(id: RoomId): RoomRecord | undefined {
    return this.#rooms.get(id)
  }

  make(id: RoomId): RoomRecord {
    const room = this.#rooms.get(id) ?? new RoomRecord(this.#generations, this.now)
    this.#rooms.set(id, room)
    return room
  }

  close(id: RoomId, at: number, seconds: number): void {
    const now = this.now()
    for (const [other, { until }] of this.#closed) {
      if (until > now) break
      this.#closed.delete(other)
    }
    this.#closed.delete(id)
    this.#closed.set(id, { at, until: now + seconds * 1000 })
  }

  /** When management closed the room, ms; undefined if it did not, or if the store has forgotten it. */
  closedAt(id: RoomId): number | undefined {
    const closed = this.#closed.get(id)
    return closed && closed.until > this.now() ? closed.at : undefined
  }

  delete(id: RoomId): void {
    this.#rooms.delete(id)
  }

  /** Deletes a room without members, listeners and configuration, after its last used tokens have expired. */
  tidy(id: RoomId): void {
    const room = this.#rooms.get(id)
    this.count(id)
    if (!room) return
    for (const [token, { until }] of room.tokens) if (until <= this.now()) room.tokens.delete(token)
    if (room.members.size > 0 || room.listeners.size > 0 || room.options || room.tokens.size > 0) return
    this.#rooms.delete(id)
  }

  /** Counts a room as open. Returns false if it is new and `maxRooms` are open already. */
  admit(id: RoomId, maxRooms: number): boolean {
    if (!this.#open.has(id) && this.#open.size >= maxRooms) return false
    this.#open.add(id)
    return true
  }

  /** Counts the room as open if it is configured or has participants, and as closed otherwise. */
  count(id: RoomId): void {
    const room = this.#rooms.get(id)
    if (room && (room.options || room.members.size > 0)) this.#open.add(id)
    else this.#open.delete(id)
  }

  entries(): IterableIterator<[RoomId, RoomRecord]> {
    return this.#rooms.entries()
  }
}

/** The record of a session, if it still has this owner. */
export function ownedRecord(table: RoomTable, { room, id, owner }: SessionRef): SessionRecord | undefined {
  const record = table.find(room)?.records.get(id)
  return record?.owner === owner ? record : undefined
}
