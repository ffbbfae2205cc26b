import type { DeliveryState, SessionRef } from './session-store.ts'

/** During a takeover the new node asks the previous one for its delivery state. Between nodes the message is called `mark`. */
export interface Handover {
  /**
   * Answers the questions of other nodes from now on.
   * @param onTakeover closes the connection of a session, and returns its delivery state; undefined if this node does not know it
   */
  serve(node: string, onTakeover: (ref: SessionRef) => DeliveryState | undefined): Promise<void>
  /**
   * Asks the previous owner of a session. Never rejects.
   * @returns undefined if that node is gone, has no connection of the session, or does not answer in time
   */
  ask(ref: SessionRef): Promise<DeliveryState | undefined>
}
