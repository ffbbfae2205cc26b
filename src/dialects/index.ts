import type { MediaBackend } from '../core/media/media-backend.ts'
import type { Messages } from '../core/messages.ts'
import type { OpenRooms } from '../core/room/open-rooms.ts'
import type { Sessions } from '../core/session/sessions.ts'
import type { ServedDialect } from '../gateway/requests.ts'
import { exchangerDialect } from './exchanger/index.ts'
import { p2pDialect } from './p2p/index.ts'
import { portalDialect } from './portal/index.ts'
import type { PortalServices } from './portal/services.ts'
import { roomsDialect } from './rooms/index.ts'

export type DialectServices = {
  sessions: Sessions
  messages: Messages
  media: MediaBackend
  openRooms: OpenRooms
  iceServers: PortalServices['iceServers']
  readToken: PortalServices['readToken']
  /** The dialects that may be used without a token. */
  anonymousDialects: readonly string[]
}

/** Every dialect, by the name that room ids begin with. */
export function dialectsOf({ anonymousDialects, ...services }: DialectServices): { [name: string]: ServedDialect } {
  const identity = (name: string) => ({ ...services, anonymous: anonymousDialects.includes(name) })
  return {
    portal: portalDialect(services),
    exchanger: exchangerDialect(identity('exchanger')),
    rooms: roomsDialect(identity('rooms')),
    p2p: p2pDialect(identity('p2p')),
  }
}
