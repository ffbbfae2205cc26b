import type { portal } from '../../protocol/portal.ts'
import type { Handlers } from '../dialect.ts'
import type { PortalServices } from './services.ts'

export function refreshReconnectionTicket({
  sessions,
}: PortalServices): Handlers<typeof portal>['refreshReconnectionTicket'] {
  return ({ session, at }) => sessions.refresh(session, at)
}
