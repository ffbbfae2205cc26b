import type { Handlers } from '../../gateway/requests.ts'
import type { portalLegacy } from '../../protocol/portal.ts'
import type { PortalServices } from './services.ts'
import { postText } from './text.ts'

/** `text` in the legacy protocol. */
export function customMessage({ messages }: PortalServices): Handlers<typeof portalLegacy>['customMessage'] {
  return async (context, { receiver, data }) => {
    await postText(messages, context, receiver, data)
    return undefined
  }
}
