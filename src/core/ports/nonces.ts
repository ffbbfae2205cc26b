import type { Deadline } from '../deadline.ts'

/** Values that may be used once. */
export interface Nonces {
  /**
   * Claims a nonce for some seconds. `first`: no node has claimed it before. `since`: the store may have forgotten claims from
   * before that, ms on its clock. It rises when the store has lost its newest writes, or everything since this node asked last.
   * Until then it is 0.
   * @throws unavailable: also after the deadline
   */
  claim(nonce: string, seconds: number, deadline?: Deadline): Promise<{ first: boolean; since: number }>
}
