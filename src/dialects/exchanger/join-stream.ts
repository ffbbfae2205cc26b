import type { IceServerEntry } from '../../core/auth/turn-credentials.ts'
import { type Roster, roomName } from '../../core/model.ts'
import type { Session } from '../../core/session/session.ts'
import type { Handlers, LoginOutcome } from '../../gateway/requests.ts'
import type { exchanger } from '../../protocol/exchanger.ts'
import { identify } from '../shared/authentication.ts'
import { iceOf } from '../shared/ice.ts'
import { usersExcept } from './channel.ts'
import type { ExchangerServices } from './services.ts'

/** Joins a channel and leaves the one before. Joining the present channel again changes nothing and returns a new ticket. */
export function joinStream(services: ExchangerServices): Handlers<typeof exchanger>['joinStream'] {
  const { sessions, iceServers } = services
  return async (context, { channelName, user = null }) => {
    const { connection, session: before } = context
    if (before && roomName(before.room) === channelName) {
      const { roster, ticket, seq } = await sessions.reenter(before, context)
      return outcomeOf(before, roster, { ticket, seq, ...iceOf(iceServers(before.member.user)) })
    }
    const claims = await identify(services, connection.socket, channelName)
    const request = { connection, dialect: 'exchanger', claims, profile: { user }, deadline: context.deadline }
    const { session, roster, ticket, seq } = await sessions.login(request)
    return outcomeOf(session, roster, { ticket, seq, ...iceOf(iceServers(session.member.user)) })
  }
}

function outcomeOf(
  session: Session,
  { members }: Roster,
  data: { ticket: string; seq: number; iceServers?: IceServerEntry[] },
) {
  const users = usersExcept(session.id, members)
  const privateEvent: LoginOutcome<unknown>['privateEvent'] = {
    when: 'after ack',
    rendered: ['allStreamUsers', users.map(({ id }) => id)],
    seq: data.seq,
  }
  const reply = { id: session.id, users, ...data }
  return { reply, session, privateEvent }
}
