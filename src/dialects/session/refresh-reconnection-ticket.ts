import type { Handlers } from '../../gateway/requests.ts'
import type { session } from '../../protocol/session.ts'
import type { SessionServices } from './services.ts'

/** A string, as OWT's clients expect it; with `{ ice: true }` an object that has fresh TURN credentials too. */
export function refreshReconnectionTicket({
  sessions,
  iceServers,
}: SessionServices): Handlers<typeof session>['refreshReconnectionTicket'] {
  return async ({ session, ...timing }, request) => {
    if (!request?.ice) return sessions.tickets.refresh(session, timing)
    // TURN credentials expire also where no ticket is of use
    const ticket = sessions.reconnects
      ? await sessions.tickets.refresh(session, timing)
      : sessions.tickets.repeat(session)
    return { ticket, iceServers: iceServers(session.member.user) }
  }
}
