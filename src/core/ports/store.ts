import type { ClusterClock } from './clock.ts'
import type { Handover } from './handover.ts'
import type { Log } from './log.ts'
import type { MediaStore } from './media-store.ts'
import type { NodeRegistry } from './node-registry.ts'
import type { Nonces } from './nonces.ts'
import type { PubSub } from './pub-sub.ts'
import type { ReconnectWindows } from './reconnect-windows.ts'
import type { RoomIndex } from './room-index.ts'
import type { RoomSizes } from './room-sizes.ts'
import type { RoomStore } from './room-store.ts'
import type { RosterStore } from './roster-store.ts'
import type { SessionStore } from './session-store.ts'
import type { SessionUpkeep } from './session-upkeep.ts'

/** How long a store keeps things, s: the reconnect window, the entries of a log, the lease of a node. `entries`: how many a log has at most. */
export type StoreLimits = { window: number; log: number; entries: number; lease: number }

/** Why a store does not serve a node: a short reason, and the exact failure for an operator. */
export type StoreProblem = { reason: string; detail: string }

/** The store answers, but its setup does not suit a node. Each fault is a sentence that begins with an option's name. */
export class UnsuitableStoreError extends Error {
  readonly faults: string[]

  constructor(faults: string[]) {
    super(`The store cannot serve this node:\n${faults.map((fault) => `  ${fault}`).join('\n')}`)
    this.name = 'UnsuitableStoreError'
    this.faults = faults
  }
}

/** A store keeps everything that outlives a node. The stores are in `src/state`. */
export interface Store {
  clock: ClusterClock
  sessionStore: SessionStore
  sessionUpkeep: SessionUpkeep
  reconnectWindows: ReconnectWindows
  roster: RosterStore
  log: Log
  pubSub: PubSub
  handover: Handover
  media: MediaStore
  rooms: RoomStore
  roomIndex: RoomIndex
  roomSizes: RoomSizes
  nodes: NodeRegistry
  nonces: Nonces
  /** Resolves when the store answers, without a time-out. @throws UnsuitableStoreError */
  suitable(): Promise<void>
  /** Resolves when the store answers. @throws unavailable */
  ping(): Promise<void>
  /** Why the store cannot serve this node, as far as the node knows without a request; undefined while it can. */
  problem(): StoreProblem | undefined
  close(): Promise<void>
}
