import type { Handlers } from '../../gateway/requests.ts'
import type { portal, portalV1 } from '../../protocol/portal.ts'
import type { PortalServices } from './services.ts'
import { tracksOf } from './tracks.ts'

export function subscribe({ media }: PortalServices): Handlers<typeof portal>['subscribe'] {
  return (context, { media: requested, data, transport }) =>
    media.subscribe(context, {
      tracks: requested?.tracks ?? [],
      ...(data ? { dataFrom: data.from } : {}),
      ...(transport ? { transport } : {}),
    })
}

/** Protocol 1.0 and 1.1, which cannot name a transport. */
export function subscribeV1({ media }: PortalServices): Handlers<typeof portalV1>['subscribe'] {
  return (context, { media: requested }) => media.subscribe(context, { tracks: tracksOf(requested) })
}
