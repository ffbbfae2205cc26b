import type { Entry } from '../model.ts'

/** The entries that were sent to a client and may not have arrived. */
export interface DeliveryTracker {
  /** A lower bound of the seqs that may not have arrived; undefined if everything has arrived. */
  readonly oldest: number | undefined
  sent(seq: number): void
  /**
   * Asks the client without delay whether the entries that were sent so far have arrived. Calls `onProgress` after each
   * confirmation, until all have. Replaces an earlier call.
   */
  requestConfirmation(onProgress: () => void): void
  /** Stops tracking. */
  end(): void
}

/** A client's connection, as the core sees it. */
export interface SessionConnection {
  readonly open: boolean
  /**
   * Calls `lost` synchronously when the connection is lost. If the connection is not open, it may have been lost before.
   * @returns a function that removes the listener
   */
  onLost(lost: () => void): () => void
  /** Creates the tracker of a new session. Undefined if the client names the last seq that it has seen when it resumes. */
  trackDelivery?(): DeliveryTracker | undefined
  /** The seq of the first entry that the connection holds back until the running request is acked; undefined if it holds none back. */
  readonly firstHeld?: number | undefined
  /**
   * Sends an entry to the client. The connection keeps the order.
   * @param live the entry comes from the feed; false for an entry of a replay
   * @param inFlight gets the seq when the entry is sent, if this client's dialect sends it at all
   */
  deliver(entry: Entry, live: boolean, inFlight?: DeliveryTracker): void
  /** Resolves when the client has read enough for a replay to continue; undefined if it has already. */
  writable?(): Promise<void> | undefined
  /** Closes the connection so that the client's library reconnects, and the participant can resume. */
  cut(): void
  /**
   * Closes the connection so that the client's library does not reconnect: the participant has left, or another connection has its
   * session (`taken_over`, of which the client is notified if its dialect has an event for that).
   */
  close(why?: 'taken_over'): void
}
