import type { Deadline } from '../deadline.ts'
import type { Draft, RoomId, Stream, Subscription } from '../model.ts'
import type { Write } from './session-store.ts'

/** A write of management. It has no owner: the store performs it only if the object is still as expected. */
export type ManagementWrite = { room: RoomId; deadline?: Deadline | undefined }

/**
 * Streams and subscriptions of a room. Writes of participants are fenced and performed once. Each write appends its notifications
 * atomically. A store may refuse JSON that nests too deep as bad_request.
 */
export interface MediaStore {
  /** @throws moved, too_many_inputs, stream_exists */
  addStream(write: Write, stream: Stream, notifications: Draft[]): Promise<void>
  /** Replaces `before`. Resolves to false if the stream is not as `before` any more: read it, and try again. @throws moved */
  changeStream(by: Write | ManagementWrite, before: Stream, after: Stream, notifications: Draft[]): Promise<boolean>
  /**
   * Removes a stream and the subscriptions to it, and notifies their subscribers. If the stream does not exist, a write of
   * management resolves to false.
   * @throws moved, no_such_stream (for a write of a participant)
   */
  removeStream(by: Write | ManagementWrite, id: string, notifications: Draft[]): Promise<boolean>
  /** @throws moved, subscription_exists */
  addSubscription(write: Write, subscription: Subscription, notifications: Draft[]): Promise<void>
  /** As changeStream. */
  changeSubscription(write: Write, before: Subscription, after: Subscription, notifications: Draft[]): Promise<boolean>
  /** @throws moved, no_such_subscription */
  removeSubscription(write: Write, id: string, notifications: Draft[]): Promise<void>
  streams(room: RoomId, ids: string[]): Promise<(Stream | undefined)[]>
  subscription(room: RoomId, id: string): Promise<Subscription | undefined>
}
