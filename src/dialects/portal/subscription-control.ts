import type { Handlers } from '../../gateway/requests.ts'
import type { portal } from '../../protocol/portal.ts'
import type { PortalServices } from './services.ts'

export function subscriptionControl({ media }: PortalServices): Handlers<typeof portal>['subscription-control'] {
  return async (context, { id, operation, data }) => {
    await media.controlSubscription(context, id, operation, data)
    return undefined
  }
}
