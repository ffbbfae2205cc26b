import { SignalError } from '../../core/errors.ts'
import { firstCharacters } from '../../core/text.ts'
import type { Handlers } from '../../gateway/requests.ts'
import type { portal } from '../../protocol/portal.ts'
import { iceOf } from '../shared/ice.ts'
import type { PortalServices } from './services.ts'
import { type PortalVersion, portalVersions } from './versions.ts'

/** Checks in OWT's order: protocol, SDK, user agent, then the token and the room (docs/owt.md#login-errors). */
export function login({ sessions, readToken, iceServers }: PortalServices): Handlers<typeof portal>['login'] {
  return async ({ connection, ...timing }, info) => {
    const { protocol, userAgent, token } = fields(info)
    const version = versionOf(protocol)
    const { type, version: sdkVersion } = fields(fields(userAgent).sdk)
    if (version !== 'legacy' && sdkVersion === '3.5') throw new SignalError('deprecated_client')
    if (!isNonEmptyString(type) || !isNonEmptyString(sdkVersion)) throw new SignalError('bad_user_agent')

    const profile = { protocol: version, sdk: firstCharacters(type, 64) }
    const claims = await readToken(token)
    const loggedIn = await sessions.login({ connection, dialect: 'portal', claims, profile, ...timing })
    connection.version = version
    const { session } = loggedIn
    const reply = portalVersions[version].joinResult(loggedIn)
    return { reply: { ...reply, ...iceOf(iceServers(session.member.user)) }, session }
  }
}

/** The fields of an object; none of any other value. */
function fields(value: unknown): { [name: string]: unknown } {
  return typeof value === 'object' && value !== null ? (value as { [name: string]: unknown }) : {}
}

function isNonEmptyString(value: unknown): value is string {
  return typeof value === 'string' && value !== ''
}

function versionOf(protocol: unknown): PortalVersion {
  if (protocol === undefined) return 'legacy'
  if (protocol === '1.0' || protocol === '1.1' || protocol === '1.2') return protocol
  throw new SignalError('unknown_protocol')
}
