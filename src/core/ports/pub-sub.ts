import type { Entry, RoomId } from '../model.ts'

/** Sends appended entries to every node that subscribes to the room. It may lose, duplicate and reorder them. */
export interface PubSub {
  /** Resolves when the subscription is confirmed. Later entries arrive, or the listener of `onResubscribed` is called. */
  subscribe(room: RoomId, onEntry: (entry: Entry) => void): Promise<void>
  unsubscribe(room: RoomId): Promise<void>
  /** The listener is called with the rooms whose subscriptions were re-established: entries of them may have been lost. */
  onResubscribed(listener: (rooms: RoomId[]) => void): void
}
