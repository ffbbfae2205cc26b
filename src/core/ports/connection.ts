import type { Entry } from '../model.ts'

/** What was sent to a client and may not have arrived. */
export interface DeliveryTracker {
  /** The smallest seq that may not have arrived, or one before it that was not for this client; undefined: all has. */
  readonly oldest: number | undefined
  sent(seq: number): void
  /**
   * Finds out without delay whether what was sent up to now has arrived. Calls `progressed` each time that more is known to have,
   * until all of it has. Replaces the call before.
   */
  prompt(progressed: () => void): void
  /** Nothing more is found out. */
  end(): void
}

/** What the core knows of a client's connection. */
export interface SessionConnection {
  readonly open: boolean
  /**
   * Calls `lost` in the step in which the connection is lost; one that is not open may have been lost already.
   * @returns a function that takes the call back
   */
  onLost(lost: () => void): () => void
  /** For a session that begins; undefined: the client says by itself what it saw, and what is delivered counts as seen. */
  inFlight?(): DeliveryTracker | undefined
  /** The seq of the first entry that was delivered but waits behind the ack of a request, if any does. */
  readonly firstHeld?: number | undefined
  /**
   * Hands over one entry; the connection keeps the order. `live`: as it was said, not read for one who came back.
   * @param flight is told when it is sent, unless this client is not told of it
   */
  deliver(entry: Entry, live: boolean, inFlight?: DeliveryTracker): void
  /** Resolves when the client has read enough for a replay to go on; undefined when it has. */
  drained?(): Promise<void> | undefined
  /** The client's library reconnects by itself after this: the participant should come back. */
  cut(): void
  /**
   * The client's library does not come back after this: the participant is gone, or elsewhere (`displaced`: the client is
   * told so if its dialect has a word for it).
   */
  close(why?: 'displaced'): void
}
