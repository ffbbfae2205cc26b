import { expect } from 'vitest'
import type { ErrorCode } from '../../src/core/errors.ts'
import { newId } from '../../src/core/ids.ts'
import { type Draft, defaultRoles, type Entry, type Member, type RoomId, roomIdOf } from '../../src/core/model.ts'
import type {
  Joined,
  JoinRequest,
  Resumed,
  ResumeRequest,
  SessionRef,
  Write,
} from '../../src/core/ports/session-store.ts'
import type { Store, StoreLimits } from '../../src/core/ports/store.ts'

/** A store as one node sees it. `another` connects one more node, if the store can serve several. */
export type TestStore = {
  store: Store
  another?: (limits?: Partial<StoreLimits>) => Promise<Store>
  close(): Promise<void>
}

export type Factory = (limits: StoreLimits) => Promise<TestStore>

export const limits: StoreLimits = { window: 60, log: 90, entries: 10_000, lease: 6 }

/** A moment, ms since the epoch. */
export const at = 1_750_000_000_000

/** A room of a case. `store` is the store as node A sees it; `other` as node B does, or the same object if the store serves one node. */
export class Bench {
  readonly store: Store
  readonly other: Store
  readonly room: RoomId

  constructor(store: Store, other: Store, room: RoomId = roomIdOf('portal', `room é ${newId()}`)) {
    this.store = store
    this.other = other
    this.room = room
  }

  anotherRoom(): Bench {
    return new Bench(this.store, this.other)
  }

  joinRequest(changes: Partial<JoinRequest> = {}): JoinRequest {
    return {
      room: this.room,
      member: newMember(),
      node: 'A',
      token: { id: newId(), seconds: 180 },
      ticketId: newId(),
      reconnects: true,
      ...changes,
    }
  }

  async join(changes: Partial<JoinRequest> = {}): Promise<JoinedParticipant> {
    const request = this.joinRequest(changes)
    return new JoinedParticipant(request, await this.store.sessionStore.join(request))
  }

  /** Resumes on node B with the ticket of the participant's login. */
  resume(participant: JoinedParticipant, changes: Partial<ResumeRequest> = {}): Promise<Resumed> {
    return this.other.sessionStore.resume({
      room: this.room,
      id: participant.id,
      node: 'B',
      ticketId: participant.request.ticketId,
      nextTicketId: newId(),
      ...changes,
    })
  }

  /** Resumes on node B; resolves to the new session reference. */
  async resumeElsewhere(participant: JoinedParticipant): Promise<SessionRef> {
    return { ...participant.ref, owner: (await this.resume(participant)).owner }
  }

  append(participant: JoinedParticipant, changes: Partial<Draft> = {}): Promise<number> {
    return this.store.log.append(participant.write(), text(changes))
  }

  /** Appends enough entries for a log with a maximum of `entries` to drop the first ones. */
  async overflow(participant: JoinedParticipant, entries: number): Promise<void> {
    for (let count = 0; count < entries * 3; count += 1) await this.append(participant)
  }

  /** The entries after a position without their dates, which `dates` returns. */
  async log(after = 0): Promise<Undated[]> {
    return (await this.store.log.read(this.room, after, 10_000)).map(undated)
  }

  async dates(): Promise<number[]> {
    return (await this.store.log.read(this.room, 0, 10_000)).map(({ at }) => at)
  }

  /** The newest seq, read through the other node. */
  async headSeq(): Promise<number> {
    const [seq = 0] = await this.other.log.heads([this.room])
    return seq
  }
}

/** A participant that joined a room on node A, unless the request names another node. */
export class JoinedParticipant {
  readonly request: JoinRequest
  readonly joined: Joined
  readonly id: string
  readonly ref: SessionRef

  constructor(request: JoinRequest, joined: Joined) {
    this.request = request
    this.joined = joined
    this.id = joined.id
    this.ref = { room: request.room, id: joined.id, owner: joined.owner }
  }

  get member(): Member {
    return { ...this.request.member, id: this.id }
  }

  /** A new operation. */
  write(changes: Partial<Write> = {}): Write {
    return { ref: this.ref, op: newId(), ...changes }
  }
}

export function newMember(changes: Partial<Member> = {}): Member {
  const [presenter] = defaultRoles
  if (!presenter) throw new Error('No roles')
  const { role, publish, subscribe } = presenter
  return {
    id: newId(),
    user: 'Zoë 🎧',
    role,
    permission: { publish, subscribe },
    profile: { protocol: '1.2' },
    ...changes,
  }
}

export function text(changes: Partial<Draft> = {}): Draft {
  return { event: 'text', data: 'hello', ...changes }
}

export async function refuses(request: Promise<unknown>, code: ErrorCode): Promise<void> {
  await expect(request).rejects.toMatchObject({ name: 'SignalError', code })
}

export type Undated = Omit<Entry, 'at'>

export function undated({ at: _at, ...entry }: Entry): Undated {
  return entry
}

/** Records the entries that a subscriber receives. */
export class EntryRecorder {
  readonly entries: Undated[] = []
  #expectedCount = 0
  #resolve: () => void = () => {}

  readonly onEntry = (entry: Entry): void => {
    this.entries.push(undated(entry))
    if (this.entries.length >= this.#expectedCount) this.#resolve()
  }

  /** Resolves to all received entries as soon as there are `count` of them. */
  async first(count: number): Promise<Undated[]> {
    this.#expectedCount = count
    if (this.entries.length < count) {
      await new Promise<void>((resolve) => {
        this.#resolve = resolve
      })
    }
    return [...this.entries]
  }
}
