import { newDeadline } from '../../core/deadline.ts'
import type { Draft, RoomId } from '../../core/model.ts'
import { generationOf, type SessionBackup, type SessionRef } from '../../core/ports/session-store.ts'
import type { SessionStatus, SessionUpkeep, StoredState } from '../../core/ports/session-upkeep.ts'
import { wellFormed } from '../../core/text.ts'
import { bodyOf } from './entry-json.ts'
import type { Keys } from './keys.ts'
import type { Scripts } from './scripts.ts'
import { sessionRecords } from './session-records.ts'

/** How many sessions one script reads. */
const maxSessionsPerScript = 100

export class RedisSessionUpkeep implements SessionUpkeep {
  readonly #scripts: Scripts
  readonly #keys: Keys

  constructor(scripts: Scripts, keys: Keys) {
    this.#scripts = scripts
    this.#keys = keys
  }

  states(refs: SessionRef[]): Promise<StoredState[]> {
    return this.recordConfirmed(refs.map((ref) => ({ ref })))
  }

  /** A session without `confirmed` is only read. */
  async recordConfirmed(sessions: { ref: SessionRef; confirmed?: number }[]): Promise<StoredState[]> {
    const states: StoredState[] = []
    const runBatch = async (indices: number[]) => {
      const batch = indices.map((index) => sessions[index] as (typeof sessions)[number])
      const args = batch.flatMap(({ ref, confirmed }) => [ref.owner, confirmed ?? ''])
      const keys = batch.map(({ ref: { room, id } }) => this.#keys.session(room, id))
      const reply = (await this.#scripts.run('session-states', keys, args)) as typeof states
      for (const [nth, index] of indices.entries()) states[index] = reply[nth] ?? 'moved'
    }
    await Promise.all(batchesByRoom(sessions.map(({ ref }) => ref)).map(runBatch))
    return states
  }

  async reclaim({ room, id, owner }: SessionRef): Promise<boolean> {
    return (await this.#scripts.run('reclaim', [this.#keys.session(room, id)], [owner], newDeadline())) === 1
  }

  async restore({ ref, tickets, ticketConfirmed, token, reconnects, ...more }: SessionBackup): Promise<boolean> {
    const { room, id, owner } = ref
    const { joined, confirmed, rid, feedPosition } = more
    const member = wellFormed(more.member) // an older node may have written text that is not well formed
    const keys = this.#keys
    const notification: Draft = { event: 'participant', data: { action: 'join', member }, except: id }
    const restored = await this.#scripts.run(
      'restore',
      [
        keys.room(room),
        keys.members(room),
        keys.session(room, id),
        keys.log(room),
        keys.feed(room),
        keys.token(room, token.id),
        keys.left(room, id),
      ],
      [
        ...[owner, id, JSON.stringify(member), member.changes ?? 0],
        ...[tickets.issued.join(' '), tickets.previous, ticketConfirmed ? 1 : 0],
        ...[token.id, token.seconds, joined, confirmed, rid, reconnects ? 1 : 0, feedPosition, bodyOf(notification)],
      ],
    )
    return restored === 1
  }

  async unrestored(room: RoomId, leap: number): Promise<SessionRef[]> {
    const { client } = this.#scripts
    return this.#scripts.call('unrestored', async () => {
      const records = await sessionRecords(client, this.#keys, room, 'vouched')
      return records.flatMap(({ id, owner, values: [vouched] }) => {
        if (!owner) return []
        const newest = Math.max(generationOf({ owner }), Number(vouched ?? 0))
        return newest < leap ? [{ room, id, owner }] : []
      })
    })
  }

  async list(room: RoomId): Promise<SessionStatus[]> {
    const { client } = this.#scripts
    const records = await this.#scripts.call('session-list', () =>
      sessionRecords(client, this.#keys, room, 'state', 'deadline'),
    )
    return records.flatMap(({ id, owner, values: [state, windowEnd] }) =>
      owner ? [{ ref: { room, id, owner }, waiting: state === 'waiting', windowEnd: Number(windowEnd ?? 0) }] : [],
    )
  }
}

/** The indices of sessions, grouped by room, in batches. A script's keys have to be in one slot of a Redis Cluster. */
function batchesByRoom(refs: SessionRef[]): number[][] {
  const rooms = new Map<RoomId, number[]>()
  for (const [index, { room }] of refs.entries()) {
    const indices = rooms.get(room)
    if (indices) indices.push(index)
    else rooms.set(room, [index])
  }
  return [...rooms.values()].flatMap((indices) =>
    Array.from({ length: Math.ceil(indices.length / maxSessionsPerScript) }, (_, nth) =>
      indices.slice(nth * maxSessionsPerScript, (nth + 1) * maxSessionsPerScript),
    ),
  )
}
