import type { Handlers } from '../../gateway/requests.ts'
import type { portal, portalV1 } from '../../protocol/portal.ts'
import type { PortalServices } from './services.ts'
import { tracksOf } from './tracks.ts'

export function publish({ media }: PortalServices): Handlers<typeof portal>['publish'] {
  return (context, { media: requested, attributes, data = false, transport }) =>
    media.publish(context, {
      tracks: requested?.tracks ?? [],
      data,
      ...(attributes ? { attributes } : {}),
      ...(transport ? { transport } : {}),
    })
}

/** Protocol 1.0 and 1.1, which cannot name a transport. */
export function publishV1({ media }: PortalServices): Handlers<typeof portalV1>['publish'] {
  return (context, { media: requested, attributes }) =>
    media.publish(context, { tracks: tracksOf(requested), data: false, ...(attributes ? { attributes } : {}) })
}
