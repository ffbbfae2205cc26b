import type { RoomId } from '../model.ts'

/**
 * The clock of the store, which all nodes of a cluster share. Nodes read from it every time that they compare with each other,
 * never from their own clocks. Durations within one process come from `performance.now()`.
 */
export interface ClusterClock {
  /**
   * Whole milliseconds since the epoch. It steps when an operator or NTP sets the store's clock.
   * @param room reads the clock of the shard that keeps the room; without it, that of the shard that keeps the leases
   */
  now(room?: RoomId): number
  /**
   * The lowest and the highest time that the clock would show now without the steps that this node noticed in the last `ms`. With
   * these bounds a step does not end the life of a date that was read from the clock within that time.
   */
  bounds(ms: number): { earliest: number; latest: number }
  /**
   * Milliseconds since the epoch, for dates that other systems sign or read: JWT, tokens of the CLI, MAuth, TURN. The store's clock
   * if nodes share one. A single node reads its wall clock, which NTP may correct.
   */
  date(): number
  /** When this node last noticed a step of the store's clock, on `performance.now()`. */
  readonly steppedAt: number
}
