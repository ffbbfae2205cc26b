import type { Handlers } from '../../gateway/requests.ts'
import type { portal } from '../../protocol/portal.ts'
import type { PortalServices } from './services.ts'

export function unpublish({ media }: PortalServices): Handlers<typeof portal>['unpublish'] {
  return async (context, { id }) => {
    await media.unpublish(context, id)
    return undefined
  }
}
