import type { Handlers } from '../../gateway/requests.ts'
import type { session } from '../../protocol/session.ts'
import { logout } from './logout.ts'
import { refreshReconnectionTicket } from './refresh-reconnection-ticket.ts'
import { relogin } from './relogin.ts'
import type { SessionServices } from './services.ts'

/** The session verbs, the same in every dialect (docs/protocol.md#session-verbs). */
export function sessionVerbs(services: SessionServices): Handlers<typeof session> {
  return {
    relogin: relogin(services),
    refreshReconnectionTicket: refreshReconnectionTicket(services),
    logout: logout(services),
  }
}
