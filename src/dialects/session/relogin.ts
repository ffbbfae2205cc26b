import { Value } from 'typebox/value'
import type { Handlers } from '../../gateway/requests.ts'
import { type session, TicketAndSeq } from '../../protocol/session.ts'
import { iceOf } from '../shared/ice.ts'
import type { SessionServices } from './services.ts'

/** A string for a string: OWT's JavaScript SDK breaks on the documented object (docs/owt.md#replay). */
export function relogin({
  sessions,
  dialect,
  restored,
  snapshot,
  iceServers,
}: SessionServices): Handlers<typeof session>['relogin'] {
  return async ({ connection, ...timing }, context) => {
    const object = Value.Check(TicketAndSeq, context) ? context : undefined
    if (object?.seq !== undefined) connection.namesSeq()
    const request = { connection, dialect, ticket: object ? object.ticket : context, seq: object?.seq, ...timing }
    const entered = await sessions.relogin(request)
    const { session, ticket, seq, complete, snapshot: standing, from } = entered
    restored?.(connection, session)
    const gap = !complete
    if (!object) return { reply: ticket, session, from, gap }
    const room = standing && { room: snapshot(session, standing) }
    return {
      reply: { ticket, seq, complete, ...room, ...iceOf(iceServers(session.member.user)) },
      session,
      from,
      gap,
    }
  }
}
