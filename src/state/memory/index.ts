import type { Store, StoreLimits } from '../../core/ports/store.ts'
import { MemoryHandover } from './handover.ts'
import { MemoryLog, MemoryPubSub } from './log.ts'
import { MemoryMediaStore } from './media-store.ts'
import { MemoryNodeRegistry } from './node-registry.ts'
import { MemoryNonces } from './nonces.ts'
import { MemoryReconnectWindows } from './reconnect-windows.ts'
import { RoomTable } from './room.ts'
import { MemoryRoomIndex } from './room-index.ts'
import { MemoryRoomSizes } from './room-sizes.ts'
import { MemoryRoomStore } from './room-store.ts'
import { MemoryRosterStore } from './roster-store.ts'
import { MemorySessionStore } from './session-store.ts'
import { MemorySessionUpkeep } from './session-upkeep.ts'

/** Keeps everything in this process. It serves one node, and its data ends with the process. */
export function createMemoryStore(limits: StoreLimits, now: () => number = steadyClock()): Store {
  const table = new RoomTable(limits, now)
  const rooms = new MemoryRoomStore(table)
  return {
    clock: {
      now,
      bounds: () => ({ earliest: now(), latest: now() }),
      date: Date.now,
      steppedAt: Number.NEGATIVE_INFINITY,
    },
    sessionStore: new MemorySessionStore(table),
    sessionUpkeep: new MemorySessionUpkeep(table),
    reconnectWindows: new MemoryReconnectWindows(table),
    roster: new MemoryRosterStore(table),
    log: new MemoryLog(table),
    pubSub: new MemoryPubSub(table),
    handover: new MemoryHandover(),
    media: new MemoryMediaStore(table),
    rooms,
    roomIndex: new MemoryRoomIndex(table, rooms),
    roomSizes: new MemoryRoomSizes(table),
    nodes: new MemoryNodeRegistry(table),
    nonces: new MemoryNonces(table),
    suitable: async () => {},
    ping: async () => {},
    problem: () => undefined,
    close: async () => {},
  }
}

/** Reads the wall clock once, then follows the monotonic clock, so it never steps. */
function steadyClock(): () => number {
  const epoch = Date.now() - performance.now()
  return () => Math.floor(epoch + performance.now())
}
