import { SignalError } from '../../core/errors.ts'
import { defaultRoomOptions, type RoomId, type RoomOptions } from '../../core/model.ts'
import type { FoundRoom, Rooms } from '../../core/ports/rooms.ts'
import type { Keys } from './keys.ts'
import type { Scripts } from './scripts.ts'

export class RedisRooms implements Rooms {
  readonly #scripts: Scripts
  readonly #keys: Keys

  constructor(scripts: Scripts, keys: Keys) {
    this.#scripts = scripts
    this.#keys = keys
  }

  async options(room: RoomId): Promise<RoomOptions> {
    return (await this.#configured(room)) ?? structuredClone(defaultRoomOptions)
  }

  async admit(room: RoomId, most: number): Promise<void> {
    const { client } = this.#scripts
    const [there, rooms] = await this.#scripts.timed('admit', () =>
      Promise.all([client.exists(this.#keys.room(room)), client.zcard(this.#keys.rooms)]),
    )
    if (there === 0 && rooms >= most) throw new SignalError('too_many_rooms')
  }

  async configure(room: RoomId, changes: Partial<RoomOptions>): Promise<void> {
    for (;;) {
      const before = await this.#configured(room)
      if (await this.replace(room, before, { ...(before ?? defaultRoomOptions), ...changes })) return
    }
  }

  async replace(room: RoomId, before: RoomOptions | undefined, after: RoomOptions): Promise<boolean> {
    const { participantActivities, streamChange } = after.notifying
    await this.#list(room)
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
    )
    return replaced === 1
  }

  async remove(room: RoomId, closed?: { at: number; seconds: number }): Promise<void> {
    const keys = this.#keys
    if (closed) {
      const { at, seconds } = closed
      await this.#scripts.timed('close', () => this.#scripts.client.set(keys.closed(room), at, 'EX', seconds))
    }
    await this.#scripts.run('unconfigure', [keys.room(room), keys.members(room), keys.log(room)], [])
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

  async prune(age: number, limit: number): Promise<void> {
    const { client } = this.#scripts
    const reply = (await this.#scripts.run('due', [this.#keys.rooms], [age * 1000, limit])) as string[]
    for (let index = 0; index < reply.length; index += 2) {
      const [room, seen] = [reply[index] ?? '', reply[index + 1] ?? '']
      await this.#scripts.timed('prune', async () => {
        if (await client.exists(this.#keys.room(room))) {
          await client.zadd(this.#keys.rooms, 'XX', Date.now(), room)
        } else if (await this.#scripts.run('forget', [this.#keys.rooms], [room, seen])) {
          await client.zrem(this.#keys.names, room) // one that is used again meanwhile is listed again by its node
        }
      })
    }
  }

  async #configured(room: RoomId): Promise<RoomOptions | undefined> {
    const text = await this.#scripts.timed('options', () => this.#scripts.client.hget(this.#keys.room(room), 'options'))
    return text === null ? undefined : JSON.parse(text)
  }

  /** Before the room is there: a name too many on the list does no harm. */
  async #list(room: RoomId): Promise<void> {
    await this.#scripts.timed('list', () =>
      Promise.all([
        this.#scripts.client.zadd(this.#keys.rooms, Date.now(), room),
        this.#scripts.client.zadd(this.#keys.names, 0, room),
      ]),
    )
  }
}
