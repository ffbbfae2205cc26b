import { SignalError } from '../../core/errors.ts'
import type { ParticipantId, RoomId } from '../../core/model.ts'
import type { NodeInfo, Nodes } from '../../core/ports/nodes.ts'
import type { Retention } from '../../core/ports/state.ts'
import type { Keys } from './keys.ts'
import type { Scripts } from './scripts.ts'
import { seatsOf } from './seats.ts'
import { openWindow, waiterOf } from './window.ts'

type Orphans = { room: RoomId; id: ParticipantId; owner: string }[]

export class RedisNodes implements Nodes {
  readonly #scripts: Scripts
  readonly #keys: Keys
  readonly #retention: Retention

  constructor(scripts: Scripts, keys: Keys, retention: Retention) {
    this.#scripts = scripts
    this.#keys = keys
    this.#retention = retention
  }

  async beat({ id, ...info }: NodeInfo): Promise<boolean> {
    const { clock } = this.#scripts
    const sentAt = performance.now()
    const [alive, time] = (await this.#scripts.run('beat', [this.#keys.nodes], [id])) as [number, number]
    clock.learn(this.#keys.nodes, time, sentAt)
    void clock.ask()
    const key = this.#keys.node(id)
    await this.#scripts.timed('node', async () => {
      await this.#scripts.client.hset(key, info)
      await this.#scripts.client.expire(key, this.#retention.lease * 10)
    })
    return alive === 1
  }

  async dead(): Promise<string[]> {
    const reply = (await this.#scripts.run('due', [this.#keys.nodes], [this.#retention.lease * 1000, 100])) as string[]
    return reply.filter((_, index) => index % 2 === 0)
  }

  async hold(node: string, rooms: RoomId[]): Promise<void> {
    for (let start = 0; start < rooms.length; start += 1000) {
      const some = rooms.slice(start, start + 1000)
      await this.#scripts.timed('hold', () => this.#scripts.client.sadd(this.#keys.nodeRooms(node), ...some))
    }
  }

  async release(node: string, room: RoomId): Promise<void> {
    await this.#scripts.timed('release', () => this.#scripts.client.srem(this.#keys.nodeRooms(node), room))
  }

  async orphan(node: string, limit: number): Promise<{ done: boolean; left: Orphans }> {
    const { client } = this.#scripts
    const rooms = await this.#scripts.timed('orphan', () => client.srandmember(this.#keys.nodeRooms(node), limit))
    const left = (await Promise.all(rooms.map((room) => this.#orphanRoom(node, room)))).flat()
    return { done: rooms.length < limit && left.length === 0, left }
  }

  async due(limit: number): Promise<{ room: RoomId; id: ParticipantId; due: number }[]> {
    const reply = (await this.#scripts.run('due', [this.#keys.waiting], [0, limit])) as string[]
    const waiters = reply.filter((_, index) => index % 2 === 0)
    return waiters.map((waiter, index) => {
      const [room = '', id = ''] = waiter.split('|')
      return { room, id, due: Number(reply[index * 2 + 1]) }
    })
  }

  async settled(room: RoomId, id: ParticipantId, due: number): Promise<void> {
    await this.#scripts.run('forget', [this.#keys.waiting], [waiterOf({ room, id }), due])
  }

  async remove(node: string): Promise<void> {
    await this.#scripts.timed('remove', async () => {
      await this.#scripts.client.zrem(this.#keys.nodes, node)
      await this.#scripts.client.unlink(this.#keys.node(node))
    })
  }

  /** Those of a room who do not reconnect; the room is given up when there is none. */
  async #orphanRoom(node: string, room: RoomId): Promise<Orphans> {
    const places = await this.#placesOf(node, room)
    const outcomes = await Promise.all(places.map((place) => this.#open(place)))
    const left = places.filter((_, index) => outcomes[index] === 'left')
    if (left.length === 0) await this.release(node, room)
    return left
  }

  /** A broken record keeps the node's other participants from nothing: it is left as it is. */
  async #open(place: Orphans[number]): Promise<'waiting' | 'left' | 'moved'> {
    try {
      return await openWindow(this.#scripts, this.#keys, place)
    } catch (error) {
      if (error instanceof SignalError && error.code === 'internal') return 'moved'
      throw error
    }
  }

  async #placesOf(node: string, room: RoomId): Promise<Orphans> {
    const { client } = this.#scripts
    return this.#scripts.timed('orphan', async () => {
      const seats = await seatsOf(client, this.#keys, room, 'state')
      // who waits already has a deadline, and it is not put off because the node died after that
      return seats.flatMap(({ id, owner, value: state }) =>
        owner?.startsWith(`${node}:`) && state !== 'waiting' ? [{ room, id, owner }] : [],
      )
    })
  }
}
