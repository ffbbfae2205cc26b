import type { Handlers } from '../../gateway/requests.ts'
import type { exchanger } from '../../protocol/exchanger.ts'
import { requireChannel } from './channel.ts'
import type { ExchangerServices } from './services.ts'

/** The others receive the `user` of `joinStream`, whatever `user` this request has: no client can leave in the name of another. */
export function leaveStream({ sessions }: ExchangerServices): Handlers<typeof exchanger>['leaveStream'] {
  return async ({ session, ...timing }, { channelName }) => {
    requireChannel(session, channelName)
    await sessions.logout(session, timing)
    return undefined
  }
}
