import type { Handlers } from '../../gateway/requests.ts'
import type { portal } from '../../protocol/portal.ts'
import type { PortalServices } from './services.ts'

export function streamControl({ media }: PortalServices): Handlers<typeof portal>['stream-control'] {
  return async (context, { id, operation, data }) => {
    await media.controlStream(context, id, operation, data)
    return undefined
  }
}
