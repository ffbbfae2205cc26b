import { SignalError } from '../../core/errors.ts'
import { defaultRoomOptions, type RoomId, type RoomOptions } from '../../core/model.ts'
import type { Rooms } from '../../core/ports/rooms.ts'
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
    const text = await this.#scripts.timed('options', () => this.#scripts.client.hget(this.#keys.room(room), 'options'))
    return { ...structuredClone(defaultRoomOptions), ...(text === null ? {} : JSON.parse(text)) }
  }

  async admit(room: RoomId, most: number): Promise<void> {
    const { client } = this.#scripts
    const [there, rooms] = await this.#scripts.timed('admit', () =>
      Promise.all([client.exists(this.#keys.room(room)), client.zcard(this.#keys.rooms)]),
    )
    if (there === 0 && rooms >= most) throw new SignalError('too_many_rooms')
  }

  async configure(room: RoomId, changes: Partial<RoomOptions>): Promise<void> {
    const options = { ...(await this.options(room)), ...changes }
    const { participantActivities, streamChange } = options.notifying
    const key = this.#keys.room(room)
    await this.#scripts.timed('configure', async () => {
      await this.#scripts.client.hset(key, {
        options: JSON.stringify(options),
        // what scripts read, so that they decode nothing
        participantLimit: options.participantLimit,
        inputLimit: options.inputLimit,
        quiet: participantActivities ? 0 : 1,
        quietStreams: streamChange ? 0 : 1,
      })
      await this.#scripts.client.persist(key)
      await this.#scripts.client.zadd(this.#keys.rooms, Date.now(), room)
    })
  }

  async remove(room: RoomId): Promise<void> {
    const keys = this.#keys
    await this.#scripts.run('unconfigure', [keys.room(room), keys.members(room), keys.log(room)], [])
  }

  async prune(age: number, limit: number): Promise<void> {
    const reply = (await this.#scripts.run('due', [this.#keys.rooms], [age * 1000, limit])) as string[]
    for (let index = 0; index < reply.length; index += 2) {
      const [room, seen] = [reply[index] ?? '', reply[index + 1] ?? '']
      await this.#scripts.timed('prune', async () => {
        if (await this.#scripts.client.exists(this.#keys.room(room))) {
          await this.#scripts.client.zadd(this.#keys.rooms, 'XX', Date.now(), room)
        } else await this.#scripts.run('forget', [this.#keys.rooms], [room, seen])
      })
    }
  }
}
