import type { Deadline } from '../deadline.ts'
import { SignalError } from '../errors.ts'
import { newId } from '../ids.ts'
import { withStatus } from '../media/mesh-streams.ts'
import { streamEntries, trackStatusData } from '../media/stream-entries.ts'
import {
  type Draft,
  defaultRoomOptions,
  type Member,
  type ParticipantId,
  type Permission,
  type RoomId,
  type RoomOptions,
  type Stream,
  type TrackKind,
} from '../model.ts'
import type { FoundRoom } from '../ports/room-store.ts'
import type { Store } from '../ports/store.ts'
import type { Sessions } from '../session/sessions.ts'

/** How long the closing of a room is remembered, s: far longer than login tokens of this cluster are valid. */
const closedForSeconds = 24 * 3600
/** How many participants of a room that is removed are dropped concurrently: a large room takes seconds otherwise. */
const maxConcurrentDrops = 100

export type StreamStatus = { kind: TrackKind; status: 'active' | 'inactive' }

/**
 * Changes that an operator or a backend makes to rooms, participants and streams, on any node. Nothing is changed after the deadline.
 * Every method throws `unavailable`.
 */
export class Management {
  readonly #store: Store
  readonly #sessions: Sessions

  constructor(store: Store, sessions: Sessions) {
    this.#store = store
    this.#sessions = sessions
  }

  /** Resolves to false if the room is configured already. */
  createRoom(room: RoomId, options: Partial<RoomOptions>, deadline: Deadline): Promise<boolean> {
    return this.#store.rooms.replace(room, undefined, { ...defaultRoomOptions, ...options }, deadline)
  }

  /** Changes the configuration of a room. A room that exists only because of its participants becomes configured. Undefined: no such room. */
  async changeRoom(
    room: RoomId,
    change: (before: RoomOptions) => RoomOptions,
    deadline: Deadline,
  ): Promise<FoundRoom | undefined> {
    for (;;) {
      const found = await this.#store.rooms.find(room)
      if (!found) return undefined
      const configured = change(found.configured ?? structuredClone(defaultRoomOptions))
      if (await this.#store.rooms.replace(room, found.configured, configured, deadline)) return { ...found, configured }
    }
  }

  /** Removes the configuration of a room and drops all its participants. Tokens that were made until now become invalid. */
  async closeRoom(room: RoomId, deadline: Deadline): Promise<void> {
    await this.#store.rooms.removeOptions(room, { at: this.#store.clock.date(), seconds: closedForSeconds }, deadline)
    const { members } = await this.#store.roster.roster(room)
    for (let start = 0; start < members.length; start += maxConcurrentDrops) {
      const batch = members.slice(start, start + maxConcurrentDrops)
      await Promise.all(batch.map(({ id }) => this.#sessions.drop(room, id, { deadline })))
    }
  }

  /**
   * Changes a participant's permission. It applies to the participant's next request; streams that are published stay.
   * Undefined: no such participant.
   */
  async permit(
    room: RoomId,
    id: ParticipantId,
    change: (before: Permission) => Permission,
    deadline: Deadline,
  ): Promise<Member | undefined> {
    for (;;) {
      const before = await this.#store.roster.member(room, id)
      if (!before) return undefined
      const permission = change(before.permission)
      const changes = (before.changes ?? 0) + 1
      const after: Member = { ...before, permission, changes }
      const entry: Draft = { event: 'permission', data: { permission, changes }, to: id }
      if (await this.#store.roster.changeMember(room, before, after, entry, deadline)) return after
    }
  }

  drop(room: RoomId, id: ParticipantId, deadline: Deadline): Promise<boolean> {
    return this.#sessions.drop(room, id, { deadline })
  }

  /** Pauses and resumes tracks of a stream. Undefined: no such stream. @throws no_such_track */
  async controlStream(
    room: RoomId,
    id: string,
    statuses: StreamStatus[],
    deadline: Deadline,
  ): Promise<Stream | undefined> {
    for (;;) {
      const [before] = await this.#store.media.streams(room, [id])
      if (!before) return undefined
      const after = statuses.reduce(withRequestedStatus, before)
      const entryData = statuses.map(({ kind, status }) => trackStatusData(id, kind, status))
      const entries = await streamEntries(this.#store.rooms, room, entryData)
      if (await this.#store.media.changeStream({ room, deadline }, before, after, entries)) return after
    }
  }

  /** Resolves to false if there is no such stream. */
  async removeStream(room: RoomId, id: string, deadline: Deadline): Promise<boolean> {
    const entries = await streamEntries(this.#store.rooms, room, [{ id, status: 'remove' }])
    return this.#store.media.removeStream({ room, deadline }, id, entries)
  }

  /** A message of the operator to everyone in a room, or to one participant. Resolves to its seq. @throws no_such_participant */
  post(
    room: RoomId,
    { event, data, to }: { event: string; data?: unknown; to?: ParticipantId },
    deadline: Deadline,
  ): Promise<number> {
    const draft: Draft = { event: 'message', data: { event, data: data ?? null } }
    return this.#store.log.appendFromServer(room, to === undefined ? draft : { ...draft, to }, undefined, deadline)
  }
}

function withRequestedStatus(stream: Stream, { kind, status }: StreamStatus): Stream {
  if (!stream.tracks.some(({ type }) => type === kind)) throw new SignalError('no_such_track')
  return withStatus(stream, [kind], status)
}

/** In the form of OWT's database: 24 hexadecimal digits. */
export const newRoomName = (): string => newId().slice(0, 24)
