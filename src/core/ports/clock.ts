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
  /** When this node last noticed such a step, on `performance.now()`. */
  readonly steppedAt: number
}
