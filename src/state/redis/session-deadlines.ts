import { doAll } from '../../core/attempts.ts'
import { SignalError } from '../../core/errors.ts'
import type { ParticipantId, RoomId } from '../../core/model.ts'
import type { NodeRegistry } from '../../core/ports/node-registry.ts'
import type { SessionStatus } from '../../core/ports/session-checks.ts'
import type { ExpiredSession, SessionDeadlines } from '../../core/ports/session-deadlines.ts'
import type { SessionRef } from '../../core/ports/session-store.ts'
import { expiredWindows } from './expired.ts'
import type { Keys } from './keys.ts'
import { openWindow, recordDeadline, waitingMember } from './reconnect-window.ts'
import type { Scripts } from './scripts.ts'
import { sessionRecords } from './session-records.ts'

/** By how much a deadline is postponed, ms. */
const postponedMs = 5000

type Departed = { room: RoomId; id: ParticipantId; owner: string }[]

export class RedisSessionDeadlines implements SessionDeadlines {
  readonly #scripts: Scripts
  readonly #keys: Keys
  readonly #nodes: NodeRegistry

  constructor(scripts: Scripts, keys: Keys, nodes: NodeRegistry) {
    this.#scripts = scripts
    this.#keys = keys
    this.#nodes = nodes
  }

  async expired(limit: number): Promise<ExpiredSession[]> {
    return (await expiredWindows(this.#scripts, this.#keys, limit)).map(({ member, score: due }) => {
      const [room = '', id = ''] = member.split('|')
      return { room, id, due }
    })
  }

  async clear(room: RoomId, id: ParticipantId, due: number): Promise<void> {
    await this.#scripts.run('remove-if-unchanged', [this.#keys.waiting], [waitingMember({ room, id }), due])
  }

  record(ref: SessionRef, deadline: number): Promise<void> {
    return recordDeadline(this.#scripts, this.#keys, ref, deadline)
  }

  async detachAllOf(node: string, limit: number): Promise<{ done: boolean; left: Departed }> {
    const { client } = this.#scripts
    const rooms = await this.#scripts.timed('node-rooms', () => client.srandmember(this.#keys.nodeRooms(node), limit))
    const left: Departed = []
    await doAll(rooms.map((room) => async () => left.push(...(await this.#detachRoom(node, room)))))
    return { done: rooms.length < limit && left.length === 0, left }
  }

  async postpone(room: RoomId, id: ParticipantId): Promise<void> {
    await this.#scripts.run(
      'open-window',
      [this.#keys.waiting, this.#keys.waitingClock],
      [waitingMember({ room, id }), postponedMs],
    )
  }

  /** Resolves to the participants of a room that do not reconnect. Without any, the room is no longer tracked for the node. */
  async #detachRoom(node: string, room: RoomId): Promise<Departed> {
    const records = await this.#sessionsOf(node, room)
    const left: Departed = []
    await doAll(
      records.map((record) => async () => {
        if ((await this.#openWindow(record)) === 'left') left.push(record.ref)
      }),
    )
    if (left.length === 0) await this.#nodes.untrackRoom(node, room)
    return left
  }

  /**
   * A session that waits already keeps its deadline, although its node died later. A broken record is skipped, so that it does not
   * stop the work for the other participants of the node.
   */
  async #openWindow({ ref, waiting, deadline }: SessionStatus): Promise<'waiting' | 'left' | 'moved'> {
    try {
      if (!waiting) return await openWindow(this.#scripts, this.#keys, ref)
      await recordDeadline(this.#scripts, this.#keys, ref, deadline)
      return 'waiting'
    } catch (error) {
      if (error instanceof SignalError && error.code === 'internal') return 'moved'
      throw error
    }
  }

  async #sessionsOf(node: string, room: RoomId): Promise<SessionStatus[]> {
    const { client } = this.#scripts
    return this.#scripts.timed('node-sessions', async () => {
      const records = await sessionRecords(client, this.#keys, room, 'state', 'deadline')
      return records.flatMap(({ id, owner, values: [state, deadline] }) =>
        owner?.startsWith(`${node}:`)
          ? [{ ref: { room, id, owner }, waiting: state === 'waiting', deadline: Number(deadline ?? 0) }]
          : [],
      )
    })
  }
}
