import type { DeliveryState, SessionRef } from './session-store.ts'

/** What nodes ask each other about a participant that came to one while its connection stood on another. */
export interface Handover {
  /**
   * This node is asked from now on.
   * @param yields how far the connection of a place came, which ends with that; undefined: there is none
   */
  serve(node: string, onTakeover: (ref: SessionRef) => DeliveryState | undefined): Promise<void>
  /**
   * Asks the node that held a place until it was taken over.
   * @returns undefined: the node is gone, knows of no such connection, or did not answer in time. Never rejects
   */
  ask(ref: SessionRef): Promise<DeliveryState | undefined>
}

/** The node of a place's owner, `node:generation`. */
export const nodeOf = ({ owner }: Pick<SessionRef, 'owner'>): string => owner.slice(0, owner.lastIndexOf(':'))

/** Of two owners that a place has had, the one with the higher generation is the later. */
export const generationOf = ({ owner }: Pick<SessionRef, 'owner'>): number =>
  Number(owner.slice(owner.lastIndexOf(':') + 1))
