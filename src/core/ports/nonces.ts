import type { Deadline } from '../deadline.ts'

/** Values that the cluster accepts once. */
export interface Nonces {
  /**
   * Claims a nonce for some seconds.
   * @returns `first`: whether no node has claimed it before. `since`: the store may have lost claims from before this time, ms on
   *   its clock. It is 0 until the store has lost its newest writes, or everything since this node's last claim
   * @throws unavailable: also after the deadline
   */
  claim(nonce: string, seconds: number, deadline?: Deadline): Promise<{ first: boolean; since: number }>
}
