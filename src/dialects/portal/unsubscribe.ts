import type { Handlers } from '../../gateway/requests.ts'
import type { portal } from '../../protocol/portal.ts'
import type { PortalServices } from './services.ts'

export function unsubscribe({ media }: PortalServices): Handlers<typeof portal>['unsubscribe'] {
  return async (context, { id }) => {
    await media.unsubscribe(context, id)
    return undefined
  }
}
