import type { Deadline } from '../deadline.ts'
import type { Draft, RoomId, Stream, Subscription } from '../model.ts'
import type { Write } from './session-store.ts'

/** A write of management. No owner fences it: it is refused if the store does not have what it expects. */
export type AdminWrite = { room: RoomId; deadline?: Deadline | undefined }

/**
 * Streams and subscriptions of a room. Writes of participants are fenced and done once. Each write sends its notifications in the
 * same step. A store may refuse JSON that nests too deep as bad_request.
 */
export interface MediaStore {
  /** @throws moved, too_many_inputs, stream_exists */
  addStream(write: Write, stream: Stream, notifications: Draft[]): Promise<void>
  /** Replaces `before`. False if the store does not have it any more: read the stream and try again. @throws moved */
  changeStream(by: Write | AdminWrite, before: Stream, after: Stream, notifications: Draft[]): Promise<boolean>
  /**
   * Removes a stream and the subscriptions to it, and notifies their subscribers. Resolves to false if management removes a
   * stream that is gone.
   * @throws moved, no_such_stream: of a participant
   */
  removeStream(by: Write | AdminWrite, id: string, notifications: Draft[]): Promise<boolean>
  /** @throws moved, subscription_exists */
  addSubscription(write: Write, subscription: Subscription, notifications: Draft[]): Promise<void>
  /** As changeStream. */
  changeSubscription(write: Write, before: Subscription, after: Subscription, notifications: Draft[]): Promise<boolean>
  /** @throws moved, no_such_subscription */
  removeSubscription(write: Write, id: string, notifications: Draft[]): Promise<void>
  streams(room: RoomId, ids: string[]): Promise<(Stream | undefined)[]>
  subscription(room: RoomId, id: string): Promise<Subscription | undefined>
}
