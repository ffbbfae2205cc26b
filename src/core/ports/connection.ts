import type { Entry } from '../model.ts'

/** What the core knows of a client's connection. */
export interface Connection {
  readonly open: boolean
  /** The seq of the first entry that was delivered but waits behind the ack of a request, if any does. */
  readonly firstHeld?: number | undefined
  /** Hands over one entry; the connection keeps the order. `live`: as it was said, not read for one who came back. */
  deliver(entry: Entry, live: boolean): void
  /** The client's library reconnects by itself after this: the participant should come back. */
  cut(): void
  /** The client's library does not come back after this: the participant is elsewhere, or gone. */
  close(): void
}
