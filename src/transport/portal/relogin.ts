import { Value } from 'typebox/value'
import type { portal } from '../../protocol/portal.ts'
import { TicketAndSeq } from '../../protocol/session.ts'
import type { Handlers } from '../dialect.ts'
import { iceOf } from './ice.ts'
import type { PortalServices } from './services.ts'
import { isPortalVersion, portalVersions } from './versions.ts'

/** A string for a string: OWT's JavaScript SDK breaks on the documented object (facts/owt.md 9). */
export function relogin({ sessions, state, iceServers }: PortalServices): Handlers<typeof portal>['relogin'] {
  return async ({ connection, at }, asked) => {
    const object = Value.Check(TicketAndSeq, asked) ? asked : undefined
    const entered = await sessions.relogin(connection, 'portal', object ? object.ticket : asked, object?.seq, at)
    const { session, ticket, seq, complete, roster, from } = entered
    const { protocol } = session.member.profile
    const version = isPortalVersion(protocol) ? protocol : '1.2'
    connection.version = version
    if (!object) return { reply: ticket, session, from }
    const room = roster && portalVersions[version].room(session.room, roster, await state.rooms.options(session.room))
    const ice = iceOf(iceServers(session.member.user, at))
    return { reply: { ticket, seq, complete, ...(room ? { room } : {}), ...ice }, session, from }
  }
}
