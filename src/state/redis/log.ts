import type { Deadline } from '../../core/deadline.ts'
import type { Draft, Entry, RoomId } from '../../core/model.ts'
import type { Log } from '../../core/ports/log.ts'
import type { SessionRef, Write } from '../../core/ports/session-store.ts'
import { bodyOf, parseEntry } from './entry-json.ts'
import type { Keys } from './keys.ts'
import type { Scripts } from './scripts.ts'
import { writeArgs } from './write-args.ts'

export class RedisLog implements Log {
  readonly #scripts: Scripts
  readonly #keys: Keys

  constructor(scripts: Scripts, keys: Keys) {
    this.#scripts = scripts
    this.#keys = keys
  }

  async append(write: Write, draft: Draft): Promise<number> {
    const { room, id } = write.ref
    const keys = this.#keys
    return Number(
      await this.#scripts.run(
        'append',
        [
          keys.room(room),
          keys.session(room, id),
          keys.log(room),
          keys.feed(room),
          keys.replies(room, id),
          keys.members(room),
        ],
        [...writeArgs(write), draft.to ?? '', bodyOf(draft)],
        write.deadline,
      ),
    )
  }

  async appendFromServer(room: RoomId, draft: Draft, dedupeKey = '', deadline?: Deadline): Promise<number> {
    const keys = this.#keys
    return Number(
      await this.#scripts.run(
        'announce',
        [keys.room(room), keys.log(room), keys.feed(room), keys.members(room), keys.appendedSeq(room, dedupeKey)],
        [draft.to ?? '', bodyOf(draft), dedupeKey],
        deadline,
      ),
    )
  }

  async recordReply(write: Write): Promise<void> {
    const { room, id } = write.ref
    const keys = [this.#keys.session(room, id), this.#keys.replies(room, id)]
    await this.#scripts.run('record-reply', keys, writeArgs(write), write.deadline)
  }

  async read(room: RoomId, after: number, limit: number): Promise<Entry[]> {
    const entries = await this.#scripts.call('read', () =>
      this.#scripts.client.xrange(this.#keys.log(room), `${after + 1}-0`, '+', 'COUNT', limit),
    )
    return entries.map(([, [, text = '']]) => parseEntry(text))
  }

  async heads(rooms: RoomId[]): Promise<number[]> {
    return this.#scripts.call('heads', () =>
      Promise.all(
        rooms.map(async (room) => Number((await this.#scripts.client.hget(this.#keys.room(room), 'seq')) ?? 0)),
      ),
    )
  }

  async leapIfBehind(room: RoomId, feedPosition: number): Promise<number> {
    const keys = this.#keys
    return Number(
      await this.#scripts.run('catch-up-seq', [keys.room(room), keys.log(room), keys.feed(room)], [feedPosition]),
    )
  }

  async replyTo({ room, id }: SessionRef, rid: number): Promise<{ reply: unknown } | undefined> {
    const replies = await this.#scripts.call('reply', () =>
      this.#scripts.client.lrange(this.#keys.replies(room, id), 0, -1),
    )
    const found = replies.find((text) => text.startsWith(`${rid} `))
    if (found === undefined) return undefined
    const text = found.slice(`${rid} `.length)
    return { reply: text === '' ? undefined : JSON.parse(text) }
  }
}
