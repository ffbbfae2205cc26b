import type { AcceptedRelogin } from '../../core/session/resume.ts'
import type { Session } from '../../core/session/session.ts'
import type { Sessions } from '../../core/session/sessions.ts'
import type { Connection } from '../../gateway/connection.ts'
import type { IceServers } from '../shared/ice.ts'

/** What the handlers of the session verbs use, and what differs between dialects. */
export type SessionServices = {
  sessions: Sessions
  iceServers: IceServers
  /** The name in tickets and room ids. */
  dialect: string
  /** Called after a client has resumed, to set the state of the new connection. */
  onResumed?: (connection: Connection, session: Session) => void
  /** The room for the ack of a relogin that is not complete, because the log no longer has all missed entries. */
  snapshot: (session: Session, state: NonNullable<AcceptedRelogin['snapshot']>) => unknown
}
