import { type ServedDialect, serveTable } from '../../gateway/requests.ts'
import { p2p } from '../../protocol/p2p.ts'
import { sessionVerbs } from '../session-verbs/index.ts'
import { acks } from './acks.ts'
import { authentication } from './authentication.ts'
import { messages } from './error-messages.ts'
import { uidOf } from './mailbox.ts'
import { owtMessage } from './owt-message.ts'
import { render } from './render.ts'
import type { P2pServices } from './services.ts'

/** OWT's P2P server on `/p2p` (docs/dialects.md#p2p, docs/owt.md#p2p). */
export function p2pDialect(services: P2pServices): ServedDialect {
  const { sessions, iceServers } = services
  const requests = serveTable(p2p, {
    ...sessionVerbs({ sessions, iceServers, dialect: 'p2p', snapshot: (session) => ({ uid: uidOf(session) }) }),
    authentication: authentication(services),
    'owt-message': owtMessage(services),
  })
  return {
    name: 'p2p',
    namespace: '/p2p',
    events: new Set(requests.keys()),
    versions: { owt: { requests, success: 'ok' } },
    versionBeforeLogin: 'owt',
    render,
    messages,
    acks,
    clientsCannotNameSeq: true,
    takenOverEvent: 'server-disconnect',
  }
}
