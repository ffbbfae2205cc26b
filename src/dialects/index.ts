import type { MediaBackend } from '../core/media/media-backend.ts'
import type { ParticipantMessages } from '../core/participant-messages.ts'
import type { OpenRoomList } from '../core/room/open-room-list.ts'
import type { Sessions } from '../core/session/sessions.ts'
import type { ServedDialect } from '../gateway/requests.ts'
import { exchangerDialect } from './exchanger/index.ts'
import { p2pDialect } from './p2p/index.ts'
import { portalDialect } from './portal/index.ts'
import type { PortalServices } from './portal/services.ts'
import { roomsDialect } from './rooms/index.ts'

export type DialectServices = {
  sessions: Sessions
  messages: ParticipantMessages
  media: MediaBackend
  openRoomList: OpenRoomList
  iceServers: PortalServices['iceServers']
  readToken: PortalServices['readToken']
  /** The dialects that need no token (ANONYMOUS_DIALECTS). */
  anonymousDialects: readonly string[]
}

/** Every dialect by its name, which is also the first part of its room ids. */
export function dialectsOf({ anonymousDialects, ...services }: DialectServices): { [name: string]: ServedDialect } {
  const withAnonymous = (name: string) => ({ ...services, anonymous: anonymousDialects.includes(name) })
  return {
    portal: portalDialect(services),
    exchanger: exchangerDialect(withAnonymous('exchanger')),
    rooms: roomsDialect(withAnonymous('rooms')),
    p2p: p2pDialect(withAnonymous('p2p')),
  }
}
