import type { Retention, State } from '../../core/ports/state.ts'
import { MemoryHandover } from './handover.ts'
import { MemoryLog, MemoryWire } from './log.ts'
import { MemoryMediaStore } from './media-store.ts'
import { MemoryNodes } from './node-registry.ts'
import { MemoryLobby } from './open-room-index.ts'
import { MemoryOversight } from './oversight.ts'
import { RoomTable } from './room.ts'
import { MemoryRooms } from './room-store.ts'
import { MemoryPlaces } from './session-store.ts'

/** Everything in this process: one node, and what it knows ends with it. */
export function createMemoryState(retention: Retention, now: () => number = steadyClock()): State {
  const table = new RoomTable(retention, now)
  const nodes = new MemoryNodes(table)
  return {
    clock: {
      now,
      bounds: () => ({ earliest: now(), latest: now() }),
      date: Date.now,
      steppedAt: Number.NEGATIVE_INFINITY,
    },
    places: new MemoryPlaces(table),
    log: new MemoryLog(table),
    wire: new MemoryWire(table),
    handover: new MemoryHandover(),
    media: new MemoryMediaStore(table),
    rooms: new MemoryRooms(table),
    lobby: new MemoryLobby(table),
    nodes,
    oversight: new MemoryOversight(table, nodes),
    suitable: async () => {},
    ping: async () => {},
    trouble: () => undefined,
    close: async () => {},
  }
}

/** Reads the wall clock once and goes on by the monotonic clock, so that it never steps. */
function steadyClock(): () => number {
  const epoch = Date.now() - performance.now()
  return () => Math.floor(epoch + performance.now())
}
