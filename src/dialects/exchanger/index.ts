import { type ServedDialect, serveTable } from '../../gateway/requests.ts'
import { exchanger } from '../../protocol/exchanger.ts'
import { sessionVerbs } from '../session-verbs/index.ts'
import { admission } from '../shared/authentication.ts'
import { participantMeta } from '../shared/render.ts'
import { answer } from './answer.ts'
import { candidate } from './candidate.ts'
import { usersExcept } from './channel.ts'
import { messages } from './error-messages.ts'
import { joinStream } from './join-stream.ts'
import { leaveStream } from './leave-stream.ts'
import { offer } from './offer.ts'
import { render } from './render.ts'
import type { ExchangerServices } from './services.ts'

/** The WebRTC signal exchanger on `/exchanger` (docs/dialects.md#exchanger). */
export function exchangerDialect(services: ExchangerServices): ServedDialect {
  const { sessions, iceServers } = services
  const requests = serveTable(exchanger, {
    ...sessionVerbs({
      sessions,
      iceServers,
      dialect: 'exchanger',
      snapshot: ({ id }, { roster }) => ({ id, users: usersExcept(id, roster.members) }),
    }),
    joinStream: joinStream(services),
    offer: offer(services),
    answer: answer(services),
    candidate: candidate(services),
    leaveStream: leaveStream(services),
  })
  return {
    name: 'exchanger',
    namespace: '/exchanger',
    events: new Set(requests.keys()),
    versions: { '1.0': { requests, success: 'ok' } },
    versionBeforeLogin: '1.0',
    render,
    metaOf: participantMeta,
    messages,
    allowsIdle: true,
    admit: admission(services),
  }
}
