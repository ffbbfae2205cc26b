import type {
  Draft,
  Entry,
  LeapNews,
  Member,
  ParticipantId,
  RoomId,
  RoomOptions,
  Roster,
  Stream,
  Subscription,
} from '../../core/model.ts'
import type { SessionRef } from '../../core/ports/session-store.ts'
import type { Retention } from '../../core/ports/state.ts'
import type { IssuedTickets } from '../../core/session/issued-tickets.ts'

/** A participant's seat as the memory keeps it; the fields are those of the Redis hash `session`, `tickets` its `ticket` and `previous`. */
export type SessionRecord = {
  owner: string
  state: 'connected' | 'waiting'
  deadline: number
  tickets: IssuedTickets
  proven: boolean
  token: string
  joined: number
  confirmed: number
  sent: number
  reconnects: boolean
  /** The deadline of the request that took the place; 0: it had none. */
  taken: number
  op: string
  result: unknown
  rid: number
  /** The highest `rid` whose ack is not known any more. */
  forgotten: number
  replies: Map<number, unknown>
}

/** The newest generation of all rooms: a room that is made anew begins above those that it gave before. */
type Generations = { last: number }

/** One room, whole. */
export class RoomRecord {
  readonly #generations: Generations
  readonly members = new Map<ParticipantId, Member>()
  readonly records = new Map<ParticipantId, SessionRecord>()
  readonly streams = new Map<string, Stream>()
  readonly subscriptions = new Map<string, Subscription>()
  readonly listeners = new Set<(entry: Entry) => void>()
  /** Login tokens that were used: the participant, or 'used' when it can not come again. */
  readonly tokens = new Map<string, { holder: ParticipantId | 'used'; until: number }>()
  /** The seq of what was said once: as long as the log has it, a repetition is known. */
  readonly said = new Map<string, number>()
  options: Partial<RoomOptions> | undefined
  log: Entry[] = []
  seq = 0

  readonly #now: () => number

  constructor(generations: Generations, now: () => number) {
    this.#generations = generations
    this.#now = now
  }

  /** Numbers the next owner of a place. */
  nextGeneration(): number {
    this.#generations.last += 1
    return this.#generations.last
  }

  say(draft: Draft, retention: Retention): number {
    this.seq += 1
    // a copy, as a store across a wire would give
    const entry: Entry = structuredClone({ ...draft, seq: this.seq, at: this.#now() })
    this.log.push(entry)
    if (this.log.length > retention.entries || this.seq % 64 === 0)
      this.#trim(entry.at - retention.log * 1000, retention)
    for (const onEntry of this.listeners) queueMicrotask(() => onEntry(entry))
    return this.seq
  }

  /** Goes on far above what somebody was handed of a room that had the same name. */
  leap(reached: number, retention: Retention): void {
    const data: LeapNews = { after: this.seq }
    const { last } = this.#generations
    this.seq = Math.max(Math.max(this.seq, reached, last) + 1_000_000, this.#now()) - 1
    this.#generations.last = Math.max(last, this.seq + 1)
    this.say({ event: 'leap', data }, retention)
  }

  roster(): Roster {
    return structuredClone({ seq: this.seq, members: [...this.members.values()], streams: [...this.streams.values()] })
  }

  #trim(before: number, { entries }: Retention): void {
    const young = this.log.findIndex((entry) => entry.at >= before)
    this.log = this.log.slice(Math.max(young === -1 ? this.log.length : young, this.log.length - entries))
    const oldest = this.log[0]?.seq ?? this.seq + 1
    for (const [once, seq] of this.said) if (seq < oldest) this.said.delete(once)
  }
}

/** All rooms of the process, by id. */
export class RoomTable {
  readonly #rooms = new Map<RoomId, RoomRecord>()
  /** Rooms that are configured or have participants, and those that were admitted just now. */
  readonly #open = new Set<RoomId>()
  readonly #generations: Generations = { last: 0 }
  /** When management closed a room, and how long that matters; the first that were closed come first. */
  readonly #closed = new Map<RoomId, { at: number; until: number }>()
  readonly retention: Retention
  readonly now: () => number

  constructor(retention: Retention, now: () => number) {
    this.retention = retention
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

  /** When the room was closed, ms; undefined: never, or too long ago to matter. */
  closedAt(id: RoomId): number | undefined {
    const closed = this.#closed.get(id)
    return closed && closed.until > this.now() ? closed.at : undefined
  }

  delete(id: RoomId): void {
    this.#rooms.delete(id)
  }

  /** Forgets a room that nobody is in, listens to or configured, once its last tokens are out of date. */
  tidy(id: RoomId): void {
    const room = this.#rooms.get(id)
    this.count(id)
    if (!room) return
    for (const [token, { until }] of room.tokens) if (until <= this.now()) room.tokens.delete(token)
    if (room.members.size > 0 || room.listeners.size > 0 || room.options || room.tokens.size > 0) return
    this.#rooms.delete(id)
  }

  /** Counts a new room; false if `most` are open already and it is none of them. */
  admit(id: RoomId, most: number): boolean {
    if (!this.#open.has(id) && this.#open.size >= most) return false
    this.#open.add(id)
    return true
  }

  /** A room is open while it is configured or has participants. */
  count(id: RoomId): void {
    const room = this.#rooms.get(id)
    if (room && (room.options || room.members.size > 0)) this.#open.add(id)
    else this.#open.delete(id)
  }

  entries(): IterableIterator<[RoomId, RoomRecord]> {
    return this.#rooms.entries()
  }
}

/** The record of a session that still has this owner. */
export function ownedRecord(table: RoomTable, { room, id, owner }: SessionRef): SessionRecord | undefined {
  const record = table.find(room)?.records.get(id)
  return record?.owner === owner ? record : undefined
}
