import { type ServedDialect, serveTable } from '../../gateway/requests.ts'
import { portal, portalLegacy, portalV1 } from '../../protocol/portal.ts'
import { sessionVerbs } from '../session-verbs/index.ts'
import type { SessionServices } from '../session-verbs/services.ts'
import { customMessage } from './custom-message.ts'
import { messages } from './error-messages.ts'
import { login } from './login.ts'
import { publish, publishV1 } from './publish.ts'
import { render } from './render.ts'
import type { PortalServices } from './services.ts'
import { soac } from './soac.ts'
import { streamControl } from './stream-control.ts'
import { subscribe, subscribeV1 } from './subscribe.ts'
import { subscriptionControl } from './subscription-control.ts'
import { text } from './text.ts'
import { unpublish } from './unpublish.ts'
import { unsubscribe } from './unsubscribe.ts'
import { portalVersions, versionOf } from './versions.ts'

/** OWT's Client-Portal protocol on `/` (docs/protocol.md). */
export function portalDialect(services: PortalServices): ServedDialect {
  const session = {
    login: login(services),
    ...sessionVerbs(sessionServicesOf(services)),
  }
  const member = {
    ...session,
    text: text(services),
    unpublish: unpublish(services),
    'stream-control': streamControl(services),
    unsubscribe: unsubscribe(services),
    'subscription-control': subscriptionControl(services),
    soac: soac(services),
  }
  const v1 = serveTable(portalV1, { ...member, publish: publishV1(services), subscribe: subscribeV1(services) })
  const v12 = serveTable(portal, { ...member, publish: publish(services), subscribe: subscribe(services) })
  const legacy = serveTable(portalLegacy, { ...session, customMessage: customMessage(services) })
  return {
    name: 'portal',
    namespace: '/',
    events: new Set([...v12.keys(), ...legacy.keys()]),
    versions: {
      legacy: { requests: legacy, success: 'success' },
      '1.0': { requests: v1, success: 'ok' },
      '1.1': { requests: v1, success: 'ok' },
      '1.2': { requests: v12, success: 'ok' },
    },
    versionBeforeLogin: '1.2',
    render,
    messages,
  }
}

/** After a relogin a client speaks the version of its login. */
function sessionServicesOf({ sessions, iceServers }: PortalServices): SessionServices {
  return {
    sessions,
    iceServers,
    dialect: 'portal',
    onResumed: (connection, { member }) => {
      connection.version = versionOf(member)
    },
    snapshot: ({ member, room }, { roster, options }) => portalVersions[versionOf(member)].room(room, roster, options),
  }
}
