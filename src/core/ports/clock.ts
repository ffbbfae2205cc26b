import type { RoomId } from '../model.ts'

/**
 * The clock that all nodes of a cluster share: the store's. What nodes compare with each other is read from it, never from
 * a node's own clock. A duration within one process comes from `performance.now()` instead.
 */
export interface ClusterClock {
  /**
   * Whole milliseconds since the epoch. Steps when an operator or NTP sets the store's clock.
   * @param room asks the clock of the shard that keeps the room; without it the clock of the leases
   */
  now(room?: RoomId): number
  /**
   * The lowest and the highest that the clock would read now without any of its steps of the last `ms` that this node has
   * noticed: a date that was read from the clock within that time has not come to an end because of a step.
   */
  bounds(ms: number): { earliest: number; latest: number }
  /**
   * Milliseconds since the epoch, to be compared with the dates of outside systems and given to them: JWT, tokens of the
   * CLI, MAuth, TURN. The store's clock where nodes share one; a single node asks its wall clock, which NTP may correct.
   */
  date(): number
  /** When this node last noticed such a step, on `performance.now()`. */
  readonly steppedAt: number
}
