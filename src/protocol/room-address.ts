import { type RoomId, roomIdOf, roomName } from '../core/model.ts'
import { dialectNames } from './dialect-names.ts'

const dialects: readonly string[] = dialectNames

/**
 * The room of a name in the management API. A room of the portal has its name in tokens, other rooms `dialect:name`. A room of the
 * portal whose name begins with a dialect and a colon is `portal:name`.
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
