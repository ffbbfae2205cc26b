import type { Entry, RoomId } from '../model.ts'

/** The live side of the log: what any node appends reaches every node that subscribes. It may lose, double and reorder. */
export interface PubSub {
  /** Resolves when the subscription is confirmed: every entry appended from then on arrives, or `onResubscribed` is called. */
  subscribe(room: RoomId, onEntry: (entry: Entry) => void): Promise<void>
  unsubscribe(room: RoomId): Promise<void>
  /** Called after subscriptions were re-established: entries of these rooms may have been missed. */
  onResubscribed(listener: (rooms: RoomId[]) => void): void
}
