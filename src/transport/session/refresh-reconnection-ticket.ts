import type { session } from '../../protocol/session.ts'
import type { Handlers } from '../dialect.ts'
import type { SessionServices } from './services.ts'

export function refreshReconnectionTicket({
  sessions,
}: SessionServices): Handlers<typeof session>['refreshReconnectionTicket'] {
  return ({ session, ...timing }) => sessions.refresh(session, timing)
}
