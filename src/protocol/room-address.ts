import { type RoomId, roomIdOf, roomName } from '../core/model.ts'
import { dialectNames } from './dialect-names.ts'

const dialects: readonly string[] = dialectNames

/**
 * How the management API names rooms: those of the portal as its tokens do, others `dialect:name`; a portal room whose
 * own name begins that way is `portal:name`.
 */
export function roomOfAddress(address: string): RoomId {
  const colon = address.indexOf(':')
  const dialect = address.slice(0, Math.max(0, colon))
  return dialects.includes(dialect) ? roomIdOf(dialect, address.slice(colon + 1)) : roomIdOf('portal', address)
}

export function addressOfRoom(room: RoomId): string {
  const [dialect = ''] = room.split('/', 1)
  const name = roomName(room)
  return dialect === 'portal' && roomOfAddress(name) === room ? name : `${dialect}:${name}`
}
