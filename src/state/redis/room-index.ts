import { SignalError } from '../../core/errors.ts'
import type { RoomId } from '../../core/model.ts'
import type { RoomIndex } from '../../core/ports/room-index.ts'
import type { FoundRoom, RoomStore } from '../../core/ports/room-store.ts'
import { atMost } from '../../core/timeout.ts'
import { olderThan } from './expired.ts'
import type { Keys } from './keys.ts'
import type { Scripts } from './scripts.ts'

/** How many rooms one command adds to the index. */
const batchRooms = 1000
/** How long a login waits for the number of open rooms, ms. */
const countTimeoutMs = 500
/** How long an ended room stays in the index at most, ms, while Redis answers and the nodes are not too busy. */
const listLagMs = 150

export class RedisRoomIndex implements RoomIndex {
  readonly #scripts: Scripts
  readonly #keys: Keys
  readonly #find: RoomStore['find']

  /** @param find reads a room that is in the index */
  constructor(scripts: Scripts, keys: Keys, find: RoomStore['find']) {
    this.#scripts = scripts
    this.#keys = keys
    this.#find = find
  }

  async registerWithin(room: RoomId, maxRooms: number): Promise<void> {
    if ((await this.#isCounted(room, maxRooms)) || (await this.#isOpen(room))) return
    // a room that has ended a moment ago may still be in the index
    await new Promise((resolve) => setTimeout(resolve, listLagMs))
    if (!(await this.#isCounted(room, maxRooms))) throw new SignalError('too_many_rooms')
  }

  /** Resolves to true if Redis does not answer: the index is on one shard, and logins have to work while that shard is down. */
  async #isCounted(room: RoomId, maxRooms: number): Promise<boolean> {
    const counted = this.#scripts.run('add-room', [this.#keys.rooms], [room, maxRooms]).catch(() => 1)
    return (await atMost(countTimeoutMs, counted)) !== 0
  }

  async touch(rooms: RoomId[]): Promise<void> {
    const { rooms: list, names } = this.#keys
    for (let start = 0; start < rooms.length; start += batchRooms) {
      const batch = rooms.slice(start, start + batchRooms)
      await Promise.all([
        this.#scripts.run('keep-listed', [list], [this.#scripts.clock.at(list), ...batch]),
        this.#scripts.run('keep-listed', [names], [0, ...batch]),
      ])
    }
  }

  async relist(rooms: RoomId[]): Promise<void> {
    await this.#relist(rooms)
  }

  /** Resolves to the rooms that are open. */
  async #relist(rooms: RoomId[]): Promise<RoomId[]> {
    const open = await Promise.all(rooms.map((room) => this.#isOpen(room)))
    await this.touch(rooms.filter((_, index) => open[index]))
    const gone = rooms.filter((_, index) => !open[index])
    const listed = rooms.filter((_, index) => open[index])
    if (gone.length === 0) return listed
    const { rooms: list, names } = this.#keys
    await this.#scripts.call('unlist', async () => {
      await this.#scripts.client.zrem(names, ...gone) // first: `prune` finds a room that is only on `rooms`
      await this.#scripts.client.zrem(list, ...gone)
    })
    // a participant may have entered in the meantime
    const reopened = await Promise.all(gone.map((room) => this.#isOpen(room)))
    await this.touch(gone.filter((_, index) => reopened[index]))
    return listed
  }

  async list(start: number, limit: number): Promise<{ rooms: FoundRoom[]; more: boolean }> {
    const ids = await this.#scripts.call('list', () =>
      this.#scripts.client.zrange(this.#keys.names, `${start}`, `${start + limit}`),
    )
    const found = await Promise.all(ids.slice(0, limit).map((id) => this.#find(id)))
    return { rooms: found.flatMap((room) => room ?? []), more: ids.length > limit }
  }

  async prune(age: number, limit: number): Promise<RoomId[]> {
    const old = await olderThan(this.#scripts, this.#keys.rooms, age * 1000, limit)
    return this.#relist(old.map(({ member }) => member))
  }

  async #isOpen(room: RoomId): Promise<boolean> {
    const { client } = this.#scripts
    const [members, configured] = await this.#scripts.call('open', () =>
      Promise.all([client.exists(this.#keys.members(room)), client.hexists(this.#keys.room(room), 'options')]),
    )
    return members > 0 || configured > 0
  }
}
