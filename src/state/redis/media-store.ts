import type { Draft, RoomId, Stream, Subscription } from '../../core/model.ts'
import type { ManagementWrite, MediaStore } from '../../core/ports/media-store.ts'
import type { Write } from '../../core/ports/session-store.ts'
import { bodyOf } from './entry-json.ts'
import type { Keys } from './keys.ts'
import type { Scripts } from './scripts.ts'
import { writeArgs } from './write-args.ts'

/**
 * A change of one object for the script `change`. `expected` is the object before, `value` the object after, `limit` the field
 * of the room with the maximum number of objects, `refusal` the code if the object exists, or does not, against the `verb`.
 */
type Change = {
  hash: 'streams' | 'subscriptions'
  verb: 'add' | 'change' | 'remove'
  id: string
  value?: object
  expected?: object
  limit?: string
  refusal?: string
}

export class RedisMediaStore implements MediaStore {
  readonly #scripts: Scripts
  readonly #keys: Keys

  constructor(scripts: Scripts, keys: Keys) {
    this.#scripts = scripts
    this.#keys = keys
  }

  async addStream(write: Write, value: Stream, notifications: Draft[]): Promise<void> {
    const change: Change = { hash: 'streams', verb: 'add', id: value.id, value }
    await this.#change(write, { ...change, limit: 'inputLimit', refusal: 'stream_exists' }, notifications)
  }

  async changeStream(
    by: Write | ManagementWrite,
    expected: Stream,
    value: Stream,
    notifications: Draft[],
  ): Promise<boolean> {
    if (!('ref' in by))
      return this.#administer(by, [value.id, JSON.stringify(expected), JSON.stringify(value)], notifications)
    return this.#change(by, { hash: 'streams', verb: 'change', id: value.id, value, expected }, notifications)
  }

  async removeStream(by: Write | ManagementWrite, id: string, notifications: Draft[]): Promise<boolean> {
    if (!('ref' in by)) return this.#administer(by, [id, '', ''], notifications)
    const keys = this.#keys
    const { room } = by.ref
    await this.#scripts.run(
      'unpublish',
      [...this.#writeKeys(by), keys.streams(room), keys.subscriptions(room), keys.members(room)],
      [...writeArgs(by), id, ...notifications.map(bodyOf)],
      by.deadline,
    )
    return true
  }

  async addSubscription(write: Write, value: Subscription, notifications: Draft[]): Promise<void> {
    const change: Change = { hash: 'subscriptions', verb: 'add', id: value.id, value }
    await this.#change(write, { ...change, refusal: 'subscription_exists' }, notifications)
  }

  changeSubscription(
    write: Write,
    expected: Subscription,
    value: Subscription,
    notifications: Draft[],
  ): Promise<boolean> {
    return this.#change(write, { hash: 'subscriptions', verb: 'change', id: value.id, value, expected }, notifications)
  }

  async removeSubscription(write: Write, id: string, notifications: Draft[]): Promise<void> {
    await this.#change(
      write,
      { hash: 'subscriptions', verb: 'remove', id, refusal: 'no_such_subscription' },
      notifications,
    )
  }

  async streams(room: RoomId, ids: string[]): Promise<(Stream | undefined)[]> {
    if (ids.length === 0) return []
    const texts = await this.#scripts.call('streams', () =>
      this.#scripts.client.hmget(this.#keys.streams(room), ...ids),
    )
    return texts.map((text) => (text === null ? undefined : JSON.parse(text)))
  }

  async subscription(room: RoomId, id: string): Promise<Subscription | undefined> {
    const text = await this.#scripts.call('subscription', () =>
      this.#scripts.client.hget(this.#keys.subscriptions(room), id),
    )
    return text === null ? undefined : JSON.parse(text)
  }

  async #change(write: Write, change: Change, notifications: Draft[]): Promise<boolean> {
    const { hash, verb, id, value, expected, limit = '', refusal = '' } = change
    const json = (object?: object) => (object ? JSON.stringify(object) : '')
    const changed = await this.#scripts.run(
      'change',
      [...this.#writeKeys(write), this.#keys[hash](write.ref.room)],
      [...writeArgs(write), verb, id, json(value), json(expected), limit, refusal, ...notifications.map(bodyOf)],
      write.deadline,
    )
    return Number(changed) === 1
  }

  async #administer({ room, deadline }: ManagementWrite, args: string[], notifications: Draft[]): Promise<boolean> {
    const keys = this.#keys
    const changed = await this.#scripts.run(
      'admin-stream',
      [
        keys.room(room),
        keys.log(room),
        keys.feed(room),
        keys.streams(room),
        keys.subscriptions(room),
        keys.members(room),
      ],
      [...args, ...notifications.map(bodyOf)],
      deadline,
    )
    return changed === 1
  }

  #writeKeys({ ref: { room, id } }: Write): string[] {
    const keys = this.#keys
    return [keys.room(room), keys.session(room, id), keys.log(room), keys.feed(room), keys.replies(room, id)]
  }
}
