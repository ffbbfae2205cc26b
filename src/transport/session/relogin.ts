import { Value } from 'typebox/value'
import { type session, TicketAndSeq } from '../../protocol/session.ts'
import type { Handlers } from '../dialect.ts'
import type { SessionServices } from './services.ts'

/** A string for a string: OWT's JavaScript SDK breaks on the documented object (facts/owt.md 9). */
export function relogin({
  sessions,
  dialect,
  restored,
  snapshot,
}: SessionServices): Handlers<typeof session>['relogin'] {
  return async ({ connection, at }, asked) => {
    const object = Value.Check(TicketAndSeq, asked) ? asked : undefined
    const entered = await sessions.relogin(connection, dialect, object ? object.ticket : asked, object?.seq, at)
    const { session, ticket, seq, complete, roster, from } = entered
    restored?.(connection, session)
    if (!object) return { reply: ticket, session, from }
    const room = roster && { room: await snapshot({ ...entered, roster }) }
    return { reply: { ticket, seq, complete, ...room }, session, from }
  }
}
