import type { Handlers } from '../../gateway/requests.ts'
import type { session } from '../../protocol/session.ts'
import type { SessionServices } from './services.ts'

/** The reply is a string, as OWT's clients expect. With `{ ice: true }` it is an object that also has new TURN credentials. */
export function refreshReconnectionTicket({
  sessions,
  iceServers,
}: SessionServices): Handlers<typeof session>['refreshReconnectionTicket'] {
  return async ({ session, ...timing }, request) => {
    if (!request?.ice) return sessions.tickets.refresh(session, timing)
    // TURN credentials also expire on servers that do not resume sessions
    const ticket = sessions.reconnects
      ? await sessions.tickets.refresh(session, timing)
      : sessions.tickets.repeat(session)
    return { ticket, iceServers: iceServers(session.member.user) }
  }
}
