import { doAll } from '../../core/attempts.ts'
import { SignalError } from '../../core/errors.ts'
import type { ParticipantId, RoomId } from '../../core/model.ts'
import type { NodeRegistry } from '../../core/ports/node-registry.ts'
import type { SessionStatus } from '../../core/ports/session-checks.ts'
import type { ExpiredSession, SessionDeadlines } from '../../core/ports/session-deadlines.ts'
import type { SessionRef } from '../../core/ports/session-store.ts'
import { overdue } from './expired.ts'
import type { Keys } from './keys.ts'
import { noteDeadline, openWindow, waiterOf } from './reconnect-window.ts'
import type { Scripts } from './scripts.ts'
import { sessionRecords } from './session-records.ts'

/** How much later a deadline is that was postponed, ms. */
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
    return (await overdue(this.#scripts, this.#keys, limit)).map(({ member, score: due }) => {
      const [room = '', id = ''] = member.split('|')
      return { room, id, due }
    })
  }

  async clear(room: RoomId, id: ParticipantId, due: number): Promise<void> {
    await this.#scripts.run('remove-if-unchanged', [this.#keys.waiting], [waiterOf({ room, id }), due])
  }

  record(ref: SessionRef, deadline: number): Promise<void> {
    return noteDeadline(this.#scripts, this.#keys, ref, deadline)
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
      [waiterOf({ room, id }), postponedMs],
    )
  }

  /** Those of a room who do not reconnect; the room is given up when there is none. */
  async #detachRoom(node: string, room: RoomId): Promise<Departed> {
    const records = await this.#sessionsOf(node, room)
    const left: Departed = []
    await doAll(
      records.map((record) => async () => {
        if ((await this.#open(record)) === 'left') left.push(record.ref)
      }),
    )
    if (left.length === 0) await this.#nodes.untrackRoom(node, room)
    return left
  }

  /**
   * Who waits already has a deadline, and it is not put off because the node died after that. A broken record keeps the
   * node's other participants from nothing: it is left as it is.
   */
  async #open({ ref, waiting, deadline }: SessionStatus): Promise<'waiting' | 'left' | 'moved'> {
    try {
      if (!waiting) return await openWindow(this.#scripts, this.#keys, ref)
      await noteDeadline(this.#scripts, this.#keys, ref, deadline)
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
