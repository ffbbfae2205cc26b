import type { Deadline } from '../../core/deadline.ts'
import { defaultRoomOptions, type RoomId, type RoomOptions } from '../../core/model.ts'
import type { RoomIndex } from '../../core/ports/room-index.ts'
import type { FoundRoom, RoomStore } from '../../core/ports/room-store.ts'
import type { Keys } from './keys.ts'
import type { Scripts } from './scripts.ts'

export class RedisRoomStore implements RoomStore {
  readonly #scripts: Scripts
  readonly #keys: Keys
  readonly #index: Pick<RoomIndex, 'touch' | 'relist'>

  constructor(scripts: Scripts, keys: Keys, index: Pick<RoomIndex, 'touch' | 'relist'>) {
    this.#scripts = scripts
    this.#keys = keys
    this.#index = index
  }

  async options(room: RoomId): Promise<RoomOptions> {
    return (await this.#configured(room)) ?? structuredClone(defaultRoomOptions)
  }

  async configure(room: RoomId, changes: Partial<RoomOptions>): Promise<void> {
    for (;;) {
      const before = await this.#configured(room)
      if (await this.replace(room, before, { ...(before ?? defaultRoomOptions), ...changes })) return
    }
  }

  async replace(room: RoomId, before: RoomOptions | undefined, after: RoomOptions, deadline?: Deadline) {
    const { participantActivities, streamChange } = after.notifying
    await this.#index.touch([room]) // before the room exists: a name without a room does no harm
    const replaced = await this.#scripts.run(
      'configure',
      [this.#keys.room(room)],
      [
        before ? JSON.stringify(before) : '',
        JSON.stringify(after),
        // scripts read these fields, so that they need not decode JSON
        after.participantLimit,
        after.inputLimit,
        participantActivities ? 0 : 1,
        streamChange ? 0 : 1,
      ],
      deadline,
    )
    return replaced === 1
  }

  async removeOptions(room: RoomId, closed?: { at: number; seconds: number }, deadline?: Deadline): Promise<void> {
    const keys = this.#keys
    await this.#scripts.run(
      'unconfigure',
      [keys.room(room), keys.members(room), keys.log(room), keys.closed(room)],
      closed ? [closed.at, closed.seconds] : ['', ''],
      deadline,
    )
    await this.#index.relist([room])
  }

  async find(id: RoomId): Promise<FoundRoom | undefined> {
    const { client } = this.#scripts
    const [configured, members, closed] = await Promise.all([
      this.#configured(id),
      this.#scripts.call('members', () => client.hlen(this.#keys.members(id))),
      this.#scripts.call('closed', () => client.get(this.#keys.closed(id))),
    ])
    if (!configured && members === 0) return undefined
    return { id, members, ...(configured ? { configured } : {}), ...(closed ? { closed: Number(closed) } : {}) }
  }

  async #configured(room: RoomId): Promise<RoomOptions | undefined> {
    const text = await this.#scripts.call('options', () => this.#scripts.client.hget(this.#keys.room(room), 'options'))
    return text === null ? undefined : JSON.parse(text)
  }
}
