import { newDeadline } from '../../core/deadline.ts'
import { dialectOf, type RoomId } from '../../core/model.ts'
import type { RoomSize, RoomSizes } from '../../core/ports/room-sizes.ts'
import { olderThan } from './expired.ts'
import type { Keys } from './keys.ts'
import type { Scripts } from './scripts.ts'

/** The index is on another shard than its rooms, so counting and recording the count are two steps. */
export class RedisRoomSizes implements RoomSizes {
  readonly #scripts: Scripts
  readonly #keys: Keys

  constructor(scripts: Scripts, keys: Keys) {
    this.#scripts = scripts
    this.#keys = keys
  }

  async count(room: RoomId): Promise<boolean> {
    const keys = this.#keys
    const dialect = dialectOf(room)
    const size = await this.#scripts.call('count', () => this.#scripts.client.hlen(keys.members(room)))
    const sizeKeys = [keys.sizes(dialect), keys.counted(dialect)]
    return (await this.#scripts.run('count-open-room', sizeKeys, [room, size], newDeadline())) === 1
  }

  async list(dialect: string, limit: number): Promise<RoomSize[]> {
    const reply = await this.#scripts.call('open', () =>
      this.#scripts.client.zrevrange(this.#keys.sizes(dialect), 0, limit - 1, 'WITHSCORES'),
    )
    const rooms = reply.filter((_, index) => index % 2 === 0)
    return rooms.map((room, index) => ({ room, size: Number(reply[index * 2 + 1]) }))
  }

  async stale(dialect: string, age: number, limit: number): Promise<RoomId[]> {
    return (await olderThan(this.#scripts, this.#keys.counted(dialect), age, limit)).map(({ member }) => member)
  }

  async claimBroadcast(dialect: string, ms: number): Promise<boolean> {
    const key = this.#keys.broadcastClaim(dialect)
    const now = this.#scripts.clock.at(key)
    const claim = now + Math.random() // no two nodes use the same value
    // Redis stores the date at which a key expires, so after its clock was set back a key would stay for too long
    return (await this.#scripts.run('claim', [key], [claim, ms, now + ms + 1000])) === `${claim}`
  }
}
