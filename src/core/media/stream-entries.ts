import type { Draft, RoomId, TrackKind } from '../model.ts'
import type { RoomStore } from '../ports/room-store.ts'

/** The data of an entry `stream`. */
export type StreamEntryData =
  | { id: string; status: 'add'; data: unknown }
  | { id: string; status: 'update'; data: { field: string; value: unknown } }
  | { id: string; status: 'remove' }

export function trackStatusData(id: string, kind: TrackKind, value: 'active' | 'inactive'): StreamEntryData {
  return { id, status: 'update', data: { field: `${kind}.status`, value } }
}

/**
 * Entries about streams for a whole room; none if the room's option `notifying.streamChange` is off.
 * @param from the participant that changed them; without it the entries come from the server
 */
export async function streamEntries(
  rooms: RoomStore,
  room: RoomId,
  entryData: StreamEntryData[],
  from?: string,
): Promise<Draft[]> {
  const { notifying } = await rooms.options(room)
  if (!notifying.streamChange) return []
  return entryData.map((data) => ({ event: 'stream', data, ...(from === undefined ? {} : { from }) }))
}
