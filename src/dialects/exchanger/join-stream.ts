import type { IceServerEntry } from '../../core/auth/turn-credentials.ts'
import { type Roster, roomName } from '../../core/model.ts'
import type { Session } from '../../core/session/session.ts'
import type { Handlers, LoginOutcome } from '../../gateway/requests.ts'
import type { exchanger } from '../../protocol/exchanger.ts'
import { identify } from '../shared/authentication.ts'
import { iceOf } from '../shared/ice.ts'
import { usersBut } from './channel.ts'
import type { ExchangerServices } from './services.ts'

/** Into a channel, and out of the one before. Joining the channel that one is in changes nothing. */
export function joinStream(services: ExchangerServices): Handlers<typeof exchanger>['joinStream'] {
  const { sessions, iceServers } = services
  return async (context, { channelName, user = null }) => {
    const { connection, session: standing } = context
    if (standing && roomName(standing.room) === channelName) {
      const { roster, ticket, seq } = await sessions.reenter(standing, context)
      return entered(standing, roster, { ticket, seq, ...iceOf(iceServers(standing.member.user)) })
    }
    const claims = await identify(services, connection.socket, channelName)
    const request = { connection, dialect: 'exchanger', claims, profile: { user }, deadline: context.deadline }
    const { session, roster, ticket, seq } = await sessions.login(request)
    return entered(session, roster, { ticket, seq, ...iceOf(iceServers(session.member.user)) })
  }
}

function entered(
  session: Session,
  { members }: Roster,
  given: { ticket: string; seq: number; iceServers?: IceServerEntry[] },
) {
  const users = usersBut(session.id, members)
  const first = { when: 'after ack', rendered: ['allStreamUsers', users.map(({ id }) => id)], seq: given.seq } as const
  const reply = { id: session.id, users, ...given }
  return { reply, session, first: { ...first, rendered: [...first.rendered] } } satisfies LoginOutcome<typeof reply>
}
