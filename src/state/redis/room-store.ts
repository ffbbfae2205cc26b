import type { Deadline } from '../../core/deadline.ts'
import { SignalError } from '../../core/errors.ts'
import { defaultRoomOptions, type RoomId, type RoomOptions } from '../../core/model.ts'
import type { FoundRoom, RoomStore } from '../../core/ports/room-store.ts'
import { atMost } from '../../core/timeout.ts'
import { olderThan } from './expired.ts'
import type { Keys } from './keys.ts'
import type { Scripts } from './scripts.ts'

/** How many rooms one command notes. */
const batchRooms = 1000
/** How long a login waits for the number of rooms. */
const countTimeoutMs = 500
/** How long a room that has ended stays on the list at most while Redis answers, and its nodes are not too busy. */
const listLagMs = 150

export class RedisRoomStore implements RoomStore {
  readonly #scripts: Scripts
  readonly #keys: Keys

  constructor(scripts: Scripts, keys: Keys) {
    this.#scripts = scripts
    this.#keys = keys
  }

  async options(room: RoomId): Promise<RoomOptions> {
    return (await this.#configured(room)) ?? structuredClone(defaultRoomOptions)
  }

  async registerWithin(room: RoomId, most: number): Promise<void> {
    if ((await this.#isCounted(room, most)) || (await this.#isOpen(room))) return
    // the list follows the rooms: one that has ended just now may be on it
    await new Promise((resolve) => setTimeout(resolve, listLagMs))
    if (!(await this.#isCounted(room, most))) throw new SignalError('too_many_rooms')
  }

  /** The list is on a shard of its own, and a limit is no reason to let nobody in while that is away. */
  async #isCounted(room: RoomId, most: number): Promise<boolean> {
    const counted = this.#scripts.run('add-room', [this.#keys.rooms], [room, most]).catch(() => 1)
    return (await atMost(countTimeoutMs, counted)) !== 0
  }

  async touch(rooms: RoomId[]): Promise<void> {
    const { rooms: list, names } = this.#keys
    for (let start = 0; start < rooms.length; start += batchRooms) {
      const some = rooms.slice(start, start + batchRooms)
      await Promise.all([
        this.#scripts.run('keep-listed', [list], [this.#scripts.clock.at(list), ...some]),
        this.#scripts.run('keep-listed', [names], [0, ...some]),
      ])
    }
  }

  async relist(rooms: RoomId[]): Promise<void> {
    await this.#relist(rooms)
  }

  /** Resolves to those that are open. */
  async #relist(rooms: RoomId[]): Promise<RoomId[]> {
    const open = await Promise.all(rooms.map((room) => this.#isOpen(room)))
    await this.touch(rooms.filter((_, index) => open[index]))
    const gone = rooms.filter((_, index) => !open[index])
    const listed = rooms.filter((_, index) => open[index])
    if (gone.length === 0) return listed
    const { rooms: list, names } = this.#keys
    await this.#scripts.timed('unlist', async () => {
      await this.#scripts.client.zrem(names, ...gone) // first: what is on `rooms` alone is found again by `prune`
      await this.#scripts.client.zrem(list, ...gone)
    })
    // one that was entered meanwhile
    const back = await Promise.all(gone.map((room) => this.#isOpen(room)))
    await this.touch(gone.filter((_, index) => back[index]))
    return listed
  }

  async configure(room: RoomId, changes: Partial<RoomOptions>): Promise<void> {
    for (;;) {
      const before = await this.#configured(room)
      if (await this.replace(room, before, { ...(before ?? defaultRoomOptions), ...changes })) return
    }
  }

  async replace(room: RoomId, before: RoomOptions | undefined, after: RoomOptions, deadline?: Deadline) {
    const { participantActivities, streamChange } = after.notifying
    await this.touch([room]) // before the room is there: a name too many does no harm
    const replaced = await this.#scripts.run(
      'configure',
      [this.#keys.room(room)],
      [
        before ? JSON.stringify(before) : '',
        JSON.stringify(after),
        // what scripts read, so that they decode nothing
        after.participantLimit,
        after.inputLimit,
        participantActivities ? 0 : 1,
        streamChange ? 0 : 1,
      ],
      deadline,
    )
    return replaced === 1
  }

  async remove(room: RoomId, closed?: { at: number; seconds: number }, deadline?: Deadline): Promise<void> {
    const keys = this.#keys
    await this.#scripts.run(
      'unconfigure',
      [keys.room(room), keys.members(room), keys.log(room), keys.closed(room)],
      closed ? [closed.at, closed.seconds] : ['', ''],
      deadline,
    )
    await this.relist([room])
  }

  async find(id: RoomId): Promise<FoundRoom | undefined> {
    const { client } = this.#scripts
    const [configured, members, closed] = await Promise.all([
      this.#configured(id),
      this.#scripts.timed('members', () => client.hlen(this.#keys.members(id))),
      this.#scripts.timed('closed', () => client.get(this.#keys.closed(id))),
    ])
    if (!configured && members === 0) return undefined
    return { id, members, ...(configured ? { configured } : {}), ...(closed ? { closed: Number(closed) } : {}) }
  }

  async list(start: number, limit: number): Promise<{ rooms: FoundRoom[]; more: boolean }> {
    const ids = await this.#scripts.timed('list', () =>
      this.#scripts.client.zrange(this.#keys.names, `${start}`, `${start + limit}`),
    )
    const found = await Promise.all(ids.slice(0, limit).map((id) => this.find(id)))
    return { rooms: found.flatMap((room) => room ?? []), more: ids.length > limit }
  }

  async prune(age: number, limit: number): Promise<RoomId[]> {
    const old = await olderThan(this.#scripts, this.#keys.rooms, age * 1000, limit)
    return this.#relist(old.map(({ member }) => member))
  }

  async #isOpen(room: RoomId): Promise<boolean> {
    const { client } = this.#scripts
    const [members, configured] = await this.#scripts.timed('open', () =>
      Promise.all([client.exists(this.#keys.members(room)), client.hexists(this.#keys.room(room), 'options')]),
    )
    return members > 0 || configured > 0
  }

  async #configured(room: RoomId): Promise<RoomOptions | undefined> {
    const text = await this.#scripts.timed('options', () => this.#scripts.client.hget(this.#keys.room(room), 'options'))
    return text === null ? undefined : JSON.parse(text)
  }
}
