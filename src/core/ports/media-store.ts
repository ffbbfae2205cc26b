import type { Draft, RoomId, Stream, Subscription } from '../model.ts'
import type { Write } from './session-store.ts'

/**
 * Streams and subscriptions of a room. Writes are fenced, done once, and tell what they change in the same step.
 * A store may refuse what it could not take out again (JSON that nests too deep) as bad_request.
 */
export interface MediaStore {
  /** @throws moved, too_many_inputs, stream_exists */
  addStream(write: Write, stream: Stream, notifications: Draft[]): Promise<void>
  /** Replaces `before`; false if it is no longer so (then read it and try again). @throws moved */
  changeStream(write: Write, before: Stream, after: Stream, notifications: Draft[]): Promise<boolean>
  /** Takes the subscriptions to it along and tells their subscribers. @throws moved, no_such_stream */
  removeStream(write: Write, id: string, notifications: Draft[]): Promise<void>
  /** @throws moved, subscription_exists */
  addSubscription(write: Write, subscription: Subscription, notifications: Draft[]): Promise<void>
  /** As changeStream. */
  changeSubscription(write: Write, before: Subscription, after: Subscription, notifications: Draft[]): Promise<boolean>
  /** @throws moved, no_such_subscription */
  removeSubscription(write: Write, id: string, notifications: Draft[]): Promise<void>
  streams(room: RoomId, ids: string[]): Promise<(Stream | undefined)[]>
  subscription(room: RoomId, id: string): Promise<Subscription | undefined>
}
