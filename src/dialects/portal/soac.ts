import type { Handlers } from '../../gateway/requests.ts'
import type { portal } from '../../protocol/portal.ts'
import type { PortalServices } from './services.ts'

export function soac({ media }: PortalServices): Handlers<typeof portal>['soac'] {
  return async (context, { id, signaling, to }) => {
    await media.signal(context, id, signaling, to)
    return undefined
  }
}
