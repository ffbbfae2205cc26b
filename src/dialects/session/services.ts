import type { ReloggedIn } from '../../core/session/resume.ts'
import type { Session } from '../../core/session/session.ts'
import type { Sessions } from '../../core/session/sessions.ts'
import type { Connection } from '../../gateway/connection.ts'
import type { IceServers } from '../shared/ice.ts'

/** What the session verbs work with, and what differs between dialects. */
export type SessionServices = {
  sessions: Sessions
  iceServers: IceServers
  /** As in tickets and room ids. */
  dialect: string
  /** A participant is back on a connection that knows nothing of it yet. */
  restored?: (connection: Connection, session: Session) => void
  /** The room as it stands, for one who has missed more than the log remembers. */
  snapshot: (session: Session, standing: NonNullable<ReloggedIn['snapshot']>) => unknown
}
