import { doAll } from '../../core/concurrency.ts'
import { SignalError } from '../../core/errors.ts'
import type { ParticipantId, RoomId } from '../../core/model.ts'
import type { NodeRegistry } from '../../core/ports/node-registry.ts'
import type { ExpiredWindow, ReconnectWindows } from '../../core/ports/reconnect-windows.ts'
import type { SessionRef } from '../../core/ports/session-store.ts'
import type { SessionStatus } from '../../core/ports/session-upkeep.ts'
import { expiredWindows } from './expired.ts'
import type { Keys } from './keys.ts'
import type { Scripts } from './scripts.ts'
import { sessionRecords } from './session-records.ts'
import { openWindow, restoreWindow, waitingMember } from './window-scripts.ts'

/** By how much the end of a window is postponed, ms. */
const postponedMs = 5000

type Departed = { room: RoomId; id: ParticipantId; owner: string }[]

export class RedisReconnectWindows implements ReconnectWindows {
  readonly #scripts: Scripts
  readonly #keys: Keys
  readonly #nodes: NodeRegistry

  constructor(scripts: Scripts, keys: Keys, nodes: NodeRegistry) {
    this.#scripts = scripts
    this.#keys = keys
    this.#nodes = nodes
  }

  async expired(limit: number): Promise<ExpiredWindow[]> {
    return (await expiredWindows(this.#scripts, this.#keys, limit)).map(({ member, score: windowEnd }) => {
      const [room = '', id = ''] = member.split('|')
      return { room, id, windowEnd }
    })
  }

  async remove(room: RoomId, id: ParticipantId, windowEnd: number): Promise<void> {
    await this.#scripts.run('remove-if-unchanged', [this.#keys.waiting], [waitingMember({ room, id }), windowEnd])
  }

  recordAgain(ref: SessionRef, windowEnd: number): Promise<void> {
    return restoreWindow(this.#scripts, this.#keys, ref, windowEnd)
  }

  async detachAllOf(node: string, limit: number): Promise<{ done: boolean; left: Departed }> {
    const { client } = this.#scripts
    const rooms = await this.#scripts.call('node-rooms', () => client.srandmember(this.#keys.nodeRooms(node), limit))
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
   * A session that waits already keeps its window, although its node died later. A broken record is skipped, so that it does not
   * stop the work for the other participants of the node.
   */
  async #openWindow({ ref, waiting, windowEnd }: SessionStatus): Promise<'waiting' | 'left' | 'moved'> {
    try {
      if (!waiting) return await openWindow(this.#scripts, this.#keys, ref)
      await restoreWindow(this.#scripts, this.#keys, ref, windowEnd)
      return 'waiting'
    } catch (error) {
      if (error instanceof SignalError && error.code === 'internal') return 'moved'
      throw error
    }
  }

  async #sessionsOf(node: string, room: RoomId): Promise<SessionStatus[]> {
    const { client } = this.#scripts
    return this.#scripts.call('node-sessions', async () => {
      const records = await sessionRecords(client, this.#keys, room, 'state', 'deadline')
      return records.flatMap(({ id, owner, values: [state, windowEnd] }) =>
        owner?.startsWith(`${node}:`)
          ? [{ ref: { room, id, owner }, waiting: state === 'waiting', windowEnd: Number(windowEnd ?? 0) }]
          : [],
      )
    })
  }
}
