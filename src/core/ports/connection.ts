import type { Entry } from '../model.ts'

/** What the core knows of a client's connection. */
export interface Connection {
  readonly open: boolean
  /**
   * The seq of the oldest delivered entry that the client may not have. Absent: there is none, or nobody looks, and what
   * was delivered is taken for received.
   */
  readonly inFlight?: number | undefined
  /** The seq of the first entry that was delivered but waits behind the ack of a request, if any does. */
  readonly firstHeld?: number | undefined
  /** Hands over one entry; the connection keeps the order. `live`: as it was said, not read for one who came back. */
  deliver(entry: Entry, live: boolean): void
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
