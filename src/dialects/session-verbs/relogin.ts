import { Value } from 'typebox/value'
import type { Handlers } from '../../gateway/requests.ts'
import { type session, TicketAndSeq } from '../../protocol/session.ts'
import { iceOf } from '../shared/ice.ts'
import type { SessionServices } from './services.ts'

/** The reply to a string is a string: OWT's JavaScript SDK fails on the documented object (docs/owt.md#replay). */
export function relogin({
  sessions,
  dialect,
  onResumed: restored,
  snapshot,
  iceServers,
}: SessionServices): Handlers<typeof session>['relogin'] {
  return async ({ connection, ...timing }, payload) => {
    const object = Value.Check(TicketAndSeq, payload) ? payload : undefined
    if (object?.seq !== undefined) connection.clientNamesSeq = true
    const request = { connection, dialect, ticket: object ? object.ticket : payload, seq: object?.seq, ...timing }
    const resumed = await sessions.relogin(request)
    const { session, ticket, seq, complete, snapshot: state, resumedFrom } = resumed
    restored?.(connection, session)
    const isIncomplete = !complete
    if (!object) return { reply: ticket, session, resumedFrom, isIncomplete }
    const room = state && { room: snapshot(session, state) }
    return {
      reply: { ticket, seq, complete, ...room, ...iceOf(iceServers(session.member.user)) },
      session,
      resumedFrom,
      isIncomplete,
    }
  }
}
