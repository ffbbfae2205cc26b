import type { Handlers } from '../../gateway/dialect.ts'
import type { portalLegacy } from '../../protocol/portal.ts'
import type { PortalServices } from './services.ts'
import { say } from './text.ts'

/** The legacy protocol's text. */
export function customMessage({ state }: PortalServices): Handlers<typeof portalLegacy>['customMessage'] {
  return async (context, { receiver, data }) => {
    await say(state, context, receiver, data)
    return undefined
  }
}
