import { isDeepStrictEqual } from 'node:util'
import { SignalError } from '../../core/errors.ts'
import type { Draft, ParticipantId, RoomId, Stream, Subscription } from '../../core/model.ts'
import type { MediaStore } from '../../core/ports/media-store.ts'
import type { Write } from '../../core/ports/session-store.ts'
import type { Retention } from '../../core/ports/state.ts'
import { fenced } from './fenced-write.ts'
import type { RoomRecord, RoomTable } from './room.ts'

export class MemoryMediaStore implements MediaStore {
  readonly #table: RoomTable

  constructor(table: RoomTable) {
    this.#table = table
  }

  async addStream(write: Write, stream: Stream, notifications: Draft[]): Promise<void> {
    fenced(this.#table, write, (room) => {
      const limit = room.options?.inputLimit ?? -1
      if (limit >= 0 && room.streams.size >= limit) throw new SignalError('too_many_inputs')
      if (room.streams.has(stream.id)) throw new SignalError('stream_exists')
      room.streams.set(stream.id, structuredClone(stream))
      this.#tell(room, notifications)
    })
  }

  async changeStream(write: Write, before: Stream, after: Stream, notifications: Draft[]): Promise<boolean> {
    return this.#change(write, (room) => room.streams, before, after, notifications)
  }

  async removeStream(write: Write, id: string, notifications: Draft[]): Promise<void> {
    fenced(this.#table, write, (room) => {
      if (!removeStreamFrom(room, id, this.#table.retention)) throw new SignalError('no_such_stream')
      this.#tell(room, notifications)
    })
  }

  async addSubscription(write: Write, subscription: Subscription, notifications: Draft[]): Promise<void> {
    fenced(this.#table, write, (room) => {
      if (room.subscriptions.has(subscription.id)) throw new SignalError('subscription_exists')
      room.subscriptions.set(subscription.id, structuredClone(subscription))
      this.#tell(room, notifications)
    })
  }

  async changeSubscription(
    write: Write,
    before: Subscription,
    after: Subscription,
    notifications: Draft[],
  ): Promise<boolean> {
    return this.#change(write, (room) => room.subscriptions, before, after, notifications)
  }

  async removeSubscription(write: Write, id: string, notifications: Draft[]): Promise<void> {
    fenced(this.#table, write, (room) => {
      if (!room.subscriptions.delete(id)) throw new SignalError('no_such_subscription')
      this.#tell(room, notifications)
    })
  }

  async streams(name: RoomId, ids: string[]): Promise<(Stream | undefined)[]> {
    const room = this.#table.find(name)
    return ids.map((id) => structuredClone(room?.streams.get(id)))
  }

  async subscription(room: RoomId, id: string): Promise<Subscription | undefined> {
    return structuredClone(this.#table.find(room)?.subscriptions.get(id))
  }

  #change<T extends { id: string }>(
    write: Write,
    of: (room: RoomRecord) => Map<string, T>,
    before: T,
    after: T,
    notifications: Draft[],
  ): boolean {
    return fenced(this.#table, write, (room) => {
      if (!isDeepStrictEqual(of(room).get(before.id), before)) return false
      of(room).set(after.id, structuredClone(after))
      this.#tell(room, notifications)
      return true
    })
  }

  #tell(room: RoomRecord, notifications: Draft[]): void {
    for (const draft of notifications) room.say(draft, this.#table.retention)
  }
}

/** Takes out a stream and the subscriptions to it, and tells their subscribers. False if it was gone. */
export function removeStreamFrom(room: RoomRecord, id: string, retention: Retention): boolean {
  if (!room.streams.delete(id)) return false
  for (const subscription of [...room.subscriptions.values()]) {
    if (!subscription.streams.includes(id)) continue
    room.subscriptions.delete(subscription.id)
    if (room.members.has(subscription.subscriber))
      room.say(removed(subscription.id, subscription.subscriber), retention)
  }
  return true
}

/** Takes out what a participant who left had published or subscribed to, and tells the others. */
export function removeMediaOf(room: RoomRecord, gone: ParticipantId, retention: Retention): void {
  for (const { id, owner } of [...room.streams.values()]) {
    if (owner !== gone) continue
    room.streams.delete(id)
    if (room.options?.notifying?.streamChange ?? true) {
      room.say({ event: 'stream', data: { id, status: 'remove' } }, retention)
    }
  }
  for (const subscription of [...room.subscriptions.values()]) {
    const { id, owner, subscriber } = subscription
    if (owner !== gone && subscriber !== gone) continue
    room.subscriptions.delete(id)
    const other = owner === gone ? subscriber : owner
    if (other !== gone) room.say(removed(id, other), retention)
  }
}

function removed(id: string, to: ParticipantId): Draft {
  return { event: 'subscription', data: { action: 'remove', id }, to }
}
