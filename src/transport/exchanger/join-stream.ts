import { type Roster, roomName } from '../../core/model.ts'
import type { Session } from '../../core/session.ts'
import type { exchanger } from '../../protocol/exchanger.ts'
import type { Entered, Handlers } from '../dialect.ts'
import { identify } from '../identity.ts'
import { usersBut } from './channel.ts'
import type { ExchangerServices } from './services.ts'

/** Into a channel, and out of the one before. Joining the channel that one is in changes nothing. */
export function joinStream(services: ExchangerServices): Handlers<typeof exchanger>['joinStream'] {
  const { sessions, state } = services
  return async ({ connection, session: standing, at }, { channelName, user = null }) => {
    if (standing && roomName(standing.room) === channelName) {
      const roster = await state.places.roster(standing.room)
      return entered(standing, roster, await sessions.refresh(standing, at), standing.cursor)
    }
    const claims = await identify(services, connection.socket, channelName, at)
    const { session, roster, ticket, seq } = await sessions.login(connection, 'exchanger', claims, { user }, at)
    return entered(session, roster, ticket, seq)
  }
}

function entered(session: Session, { members }: Roster, ticket: string, seq: number) {
  const users = usersBut(session.id, members)
  const first = { when: 'after ack', say: ['allStreamUsers', users.map(({ id }) => id)], seq } as const
  const reply = { id: session.id, users, ticket, seq }
  return { reply, session, first: { ...first, say: [...first.say] } } satisfies Entered<typeof reply>
}
