import { Value } from 'typebox/value'
import type { portal } from '../../protocol/portal.ts'
import { TicketAndSeq } from '../../protocol/session.ts'
import type { Handlers } from '../dialect.ts'
import type { PortalServices } from './services.ts'
import { isPortalVersion, portalVersions } from './versions.ts'

/** A string for a string: OWT's JavaScript SDK breaks on the documented object (facts/owt.md 9). */
export function relogin({ sessions }: PortalServices): Handlers<typeof portal>['relogin'] {
  return async ({ connection, at }, asked) => {
    const object = Value.Check(TicketAndSeq, asked) ? asked : undefined
    const entered = await sessions.relogin(connection, 'portal', object ? object.ticket : asked, object?.seq, at)
    const { session, ticket, seq, complete, snapshot, from } = entered
    const { protocol } = session.member.profile
    const version = isPortalVersion(protocol) ? protocol : '1.2'
    connection.version = version
    if (!object) return { reply: ticket, session, from }
    const room = snapshot && portalVersions[version].room(session.room, snapshot.roster, snapshot.options)
    return { reply: { ticket, seq, complete, ...(room ? { room } : {}) }, session, from }
  }
}
