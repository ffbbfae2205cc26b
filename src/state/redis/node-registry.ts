import { doAll } from '../../core/attempts.ts'
import { SignalError } from '../../core/errors.ts'
import type { ParticipantId, RoomId } from '../../core/model.ts'
import type { NodeInfo, NodeRegistry } from '../../core/ports/node-registry.ts'
import type { SessionRef, SessionStatus } from '../../core/ports/session-store.ts'
import type { Retention } from '../../core/ports/state.ts'
import { olderThan, overdue } from './expired.ts'
import type { Keys } from './keys.ts'
import { noteDeadline, openWindow, waiterOf } from './reconnect-window.ts'
import type { Scripts } from './scripts.ts'
import { sessionRecords } from './session-records.ts'

/** When one that could not be taken out is due again, ms. */
const postponedMs = 5000

type Orphans = { room: RoomId; id: ParticipantId; owner: string }[]

export class RedisNodeRegistry implements NodeRegistry {
  readonly #scripts: Scripts
  readonly #keys: Keys
  readonly #retention: Retention

  constructor(scripts: Scripts, keys: Keys, retention: Retention) {
    this.#scripts = scripts
    this.#keys = keys
    this.#retention = retention
  }

  async heartbeat({ id, ...info }: NodeInfo): Promise<boolean> {
    const { clock } = this.#scripts
    const sentAt = performance.now()
    const [alive, time] = (await this.#scripts.run('heartbeat', [this.#keys.nodes], [id])) as [number, number]
    clock.learn(this.#keys.nodes, time, sentAt)
    clock.ask()
    const seconds = this.#retention.lease * 600 // so long that a step of the clock ends none
    await this.#scripts.run('register-node', [this.#keys.node(id)], [seconds, ...Object.entries(info).flat()])
    return alive === 1
  }

  async expiredNodes(): Promise<string[]> {
    const dead = await olderThan(this.#scripts, this.#keys.nodes, this.#retention.lease * 1000, 100)
    return dead.map(({ member }) => member)
  }

  async trackRooms(node: string, rooms: RoomId[]): Promise<void> {
    for (let start = 0; start < rooms.length; start += 1000) {
      const some = rooms.slice(start, start + 1000)
      await this.#scripts.run('track-rooms', [this.#keys.nodeRooms(node)], some)
    }
  }

  async untrackRoom(node: string, room: RoomId): Promise<void> {
    await this.#scripts.timed('release', () => this.#scripts.client.srem(this.#keys.nodeRooms(node), room))
  }

  async trackedRooms(node: string): Promise<RoomId[]> {
    // all of them, by a command that the node needs anyway: what an operator allows it does not have to grow
    return this.#scripts.timed('roomsOf', () =>
      this.#scripts.client.srandmember(this.#keys.nodeRooms(node), Number.MAX_SAFE_INTEGER),
    )
  }

  async detachAllOf(node: string, limit: number): Promise<{ done: boolean; left: Orphans }> {
    const { client } = this.#scripts
    const rooms = await this.#scripts.timed('orphan', () => client.srandmember(this.#keys.nodeRooms(node), limit))
    const left: Orphans = []
    await doAll(rooms.map((room) => async () => left.push(...(await this.#orphanRoom(node, room)))))
    return { done: rooms.length < limit && left.length === 0, left }
  }

  async expiredSessions(limit: number): Promise<{ room: RoomId; id: ParticipantId; due: number }[]> {
    return (await overdue(this.#scripts, this.#keys, limit)).map(({ member, score: due }) => {
      const [room = '', id = ''] = member.split('|')
      return { room, id, due }
    })
  }

  async clearDue(room: RoomId, id: ParticipantId, due: number): Promise<void> {
    await this.#scripts.run('remove-if-unchanged', [this.#keys.waiting], [waiterOf({ room, id }), due])
  }

  recordDeadline(ref: SessionRef, deadline: number): Promise<void> {
    return noteDeadline(this.#scripts, this.#keys, ref, deadline)
  }

  async remove(node: string): Promise<void> {
    await this.#scripts.timed('remove', async () => {
      await this.#scripts.client.zrem(this.#keys.nodes, node)
      await this.#scripts.client.unlink(this.#keys.node(node))
    })
  }

  async postpone(room: RoomId, id: ParticipantId): Promise<void> {
    await this.#scripts.run(
      'open-window',
      [this.#keys.waiting, this.#keys.waitingClock],
      [waiterOf({ room, id }), postponedMs],
    )
  }

  /** Those of a room who do not reconnect; the room is given up when there is none. */
  async #orphanRoom(node: string, room: RoomId): Promise<Orphans> {
    const seats = await this.#seatsOf(node, room)
    const left: Orphans = []
    await doAll(
      seats.map((record) => async () => {
        if ((await this.#open(record)) === 'left') left.push(record.ref)
      }),
    )
    if (left.length === 0) await this.untrackRoom(node, room)
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

  async #seatsOf(node: string, room: RoomId): Promise<SessionStatus[]> {
    const { client } = this.#scripts
    return this.#scripts.timed('orphan', async () => {
      const seats = await sessionRecords(client, this.#keys, room, 'state', 'deadline')
      return seats.flatMap(({ id, owner, values: [state, deadline] }) =>
        owner?.startsWith(`${node}:`)
          ? [{ ref: { room, id, owner }, waiting: state === 'waiting', deadline: Number(deadline ?? 0) }]
          : [],
      )
    })
  }
}
