import type { StoreProblem } from '../../core/ports/store.ts'

/** Receives what an operator has to know about the connections to Redis, once for each change. */
export type RedisReport = {
  lost(connection: string, address: string, cause: string): void
  reconnected(connection: string, address: string): void
  /** The Redis user lacks rights that a node needs. @param rights commands with the key or channel that they are for */
  denied(rights: string): void
  /** The settings of a server do not suit a node. The node continues to use the server. */
  unsuitable(fault: string): void
  /** A message on a channel of the cluster could not be read, probably from another program. The node skipped it. */
  unreadable(channel: string, cause: unknown): void
  /** Background work of a connection failed in an unexpected way. It is tried again. */
  failed(error: unknown): void
}

export const noReport: RedisReport = {
  lost: () => {},
  reconnected: () => {},
  denied: () => {},
  unsuitable: () => {},
  unreadable: () => {},
  failed: () => {},
}

export const unreachable = (detail: string): StoreProblem => ({ reason: 'Redis unreachable', detail })

/** @param rights commands with the key or channel that they are for */
export const denied = (rights: string, detail: string): StoreProblem => ({
  reason: `the Redis user lacks rights that a node needs: ${rights}`,
  detail,
})
