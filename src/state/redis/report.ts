import type { StoreProblem } from '../../core/ports/state.ts'

/** What an operator has to know of the connections to Redis. Each is told once a change. */
export type RedisReport = {
  lost(connection: string, address: string, cause: string): void
  restored(connection: string, address: string): void
  /** The user lacks rights that a node needs. */
  denied(rights: string): void
  /** A server is not set up as a node needs it, and the node keeps using it. */
  unsuitable(fault: string): void
  /** Another program published something on a channel of ours that is no message of ours. It was skipped. */
  unreadable(channel: string, cause: unknown): void
  /** Background work of a connection failed in an unexpected way. It is tried again. */
  failed(error: unknown): void
}

export const noReport: RedisReport = {
  lost: () => {},
  restored: () => {},
  denied: () => {},
  unsuitable: () => {},
  unreadable: () => {},
  failed: () => {},
}

export const unreachable = (detail: string): StoreProblem => ({ reason: 'Redis unreachable', detail })

/** @param rights commands with the key or channel that they are for */
export const denied = (rights: string, detail: string): StoreProblem => ({
  reason: `Redis denies its user what a node needs: ${rights}`,
  detail,
})
