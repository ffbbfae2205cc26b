import type { RoomId } from '../../core/model.ts'
import type { NodeInfo, NodeRegistry } from '../../core/ports/node-registry.ts'
import type { StoreLimits } from '../../core/ports/store.ts'
import { olderThan } from './expired.ts'
import type { Keys } from './keys.ts'
import type { Scripts } from './scripts.ts'

export class RedisNodeRegistry implements NodeRegistry {
  readonly #scripts: Scripts
  readonly #keys: Keys
  readonly #limits: StoreLimits

  constructor(scripts: Scripts, keys: Keys, limits: StoreLimits) {
    this.#scripts = scripts
    this.#keys = keys
    this.#limits = limits
  }

  async heartbeat({ id, ...info }: NodeInfo): Promise<boolean> {
    const { clock } = this.#scripts
    const sentAt = performance.now()
    const [alive, time] = (await this.#scripts.run('heartbeat', [this.#keys.nodes], [id])) as [number, number]
    clock.learn(this.#keys.nodes, time, sentAt)
    clock.ask()
    const seconds = this.#limits.lease * 600 // long enough that a step of the clock does not expire a live node
    await this.#scripts.run('register-node', [this.#keys.node(id)], [seconds, ...Object.entries(info).flat()])
    return alive === 1
  }

  async list(): Promise<NodeInfo[]> {
    const { client } = this.#scripts
    return this.#scripts.call('nodes', async () => {
      const [[seconds, micros], scores] = await Promise.all([
        client.time() as Promise<[number | string, number | string]>,
        client.zrange(this.#keys.nodes, '0', '-1', 'WITHSCORES'),
      ])
      const oldest = Number(seconds) * 1000 + Math.floor(Number(micros) / 1000) - this.#limits.lease * 1000
      const alive = scores.filter((_, index) => index % 2 === 0 && Number(scores[index + 1]) > oldest).toSorted()
      const infos = await Promise.all(alive.map((id) => client.hgetall(this.#keys.node(id))))
      return alive.map((id, index) => infoOf(id, infos[index]))
    })
  }

  async expired(): Promise<string[]> {
    const dead = await olderThan(this.#scripts, this.#keys.nodes, this.#limits.lease * 1000, 100)
    return dead.map(({ member }) => member)
  }

  async trackRooms(node: string, rooms: RoomId[]): Promise<void> {
    for (let start = 0; start < rooms.length; start += 1000) {
      const batch = rooms.slice(start, start + 1000)
      await this.#scripts.run('track-rooms', [this.#keys.nodeRooms(node)], batch)
    }
  }

  async untrackRoom(node: string, room: RoomId): Promise<void> {
    await this.#scripts.call('untrack-room', () => this.#scripts.client.srem(this.#keys.nodeRooms(node), room))
  }

  async trackedRooms(node: string): Promise<RoomId[]> {
    // SRANDMEMBER, because the ACL of an operator allows it already
    return this.#scripts.call('tracked-rooms', () =>
      this.#scripts.client.srandmember(this.#keys.nodeRooms(node), Number.MAX_SAFE_INTEGER),
    )
  }

  async remove(node: string): Promise<void> {
    await this.#scripts.call('remove-node', async () => {
      await this.#scripts.client.zrem(this.#keys.nodes, node)
      await this.#scripts.client.unlink(this.#keys.node(node))
    })
  }
}

function infoOf(id: string, { url = '', version = '', connections = '0' }: { [field: string]: string } = {}): NodeInfo {
  return { id, url, version, connections: Number(connections) }
}
