import { isDeepStrictEqual } from 'node:util'
import { refuseLate } from '../../core/deadline.ts'
import { SignalError } from '../../core/errors.ts'
import type { Draft, ParticipantId, RoomId, Stream, Subscription } from '../../core/model.ts'
import type { ManagementWrite, MediaStore } from '../../core/ports/media-store.ts'
import type { Write } from '../../core/ports/session-store.ts'
import type { StoreLimits } from '../../core/ports/store.ts'
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
      this.#append(room, notifications)
    })
  }

  async changeStream(
    by: Write | ManagementWrite,
    before: Stream,
    after: Stream,
    notifications: Draft[],
  ): Promise<boolean> {
    return this.#change(by, (room) => room.streams, before, after, notifications)
  }

  async removeStream(by: Write | ManagementWrite, id: string, notifications: Draft[]): Promise<boolean> {
    return this.#perform(by, (room) => {
      if (!removeStreamFrom(room, id, this.#table.limits)) {
        if ('ref' in by) throw new SignalError('no_such_stream')
        return false
      }
      this.#append(room, notifications)
      return true
    })
  }

  async addSubscription(write: Write, subscription: Subscription, notifications: Draft[]): Promise<void> {
    fenced(this.#table, write, (room) => {
      if (room.subscriptions.has(subscription.id)) throw new SignalError('subscription_exists')
      room.subscriptions.set(subscription.id, structuredClone(subscription))
      this.#append(room, notifications)
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
      this.#append(room, notifications)
    })
  }

  async streams(roomId: RoomId, ids: string[]): Promise<(Stream | undefined)[]> {
    const room = this.#table.find(roomId)
    return ids.map((id) => structuredClone(room?.streams.get(id)))
  }

  async subscription(room: RoomId, id: string): Promise<Subscription | undefined> {
    return structuredClone(this.#table.find(room)?.subscriptions.get(id))
  }

  #change<T extends { id: string }>(
    by: Write | ManagementWrite,
    of: (room: RoomRecord) => Map<string, T>,
    before: T,
    after: T,
    notifications: Draft[],
  ): boolean {
    return this.#perform(by, (room) => {
      if (!isDeepStrictEqual(of(room).get(before.id), before)) return false
      of(room).set(after.id, structuredClone(after))
      this.#append(room, notifications)
      return true
    })
  }

  /** Performs a change for a participant, fenced by its owner, or for management. False if it changed nothing. */
  #perform(by: Write | ManagementWrite, change: (room: RoomRecord) => boolean): boolean {
    if ('ref' in by) return fenced(this.#table, by, change)
    refuseLate(by.deadline)
    const room = this.#table.find(by.room)
    return room !== undefined && change(room)
  }

  #append(room: RoomRecord, notifications: Draft[]): void {
    for (const draft of notifications) room.append(draft, this.#table.limits)
  }
}

/** Removes a stream and the subscriptions to it, and notifies their subscribers. False if it was gone. */
export function removeStreamFrom(room: RoomRecord, id: string, limits: StoreLimits): boolean {
  if (!room.streams.delete(id)) return false
  for (const subscription of [...room.subscriptions.values()]) {
    if (!subscription.streams.includes(id)) continue
    room.subscriptions.delete(subscription.id)
    if (room.members.has(subscription.subscriber))
      room.append(subscriptionRemoval(subscription.id, subscription.subscriber), limits)
  }
  return true
}

/** Removes the streams and subscriptions of a participant who left, and notifies the others. */
export function removeMediaOf(room: RoomRecord, gone: ParticipantId, limits: StoreLimits): void {
  for (const { id, owner } of [...room.streams.values()]) {
    if (owner !== gone) continue
    room.streams.delete(id)
    if (room.options?.notifying?.streamChange ?? true) {
      room.append({ event: 'stream', data: { id, status: 'remove' } }, limits)
    }
  }
  for (const subscription of [...room.subscriptions.values()]) {
    const { id, owner, subscriber } = subscription
    if (owner !== gone && subscriber !== gone) continue
    room.subscriptions.delete(id)
    const other = owner === gone ? subscriber : owner
    if (other !== gone) room.append(subscriptionRemoval(id, other), limits)
  }
}

function subscriptionRemoval(id: string, to: ParticipantId): Draft {
  return { event: 'subscription', data: { action: 'remove', id }, to }
}
