import type { Handlers } from '../../gateway/requests.ts'
import type { exchanger } from '../../protocol/exchanger.ts'
import { requireChannel } from './channel.ts'
import type { ExchangerServices } from './services.ts'

/** The others are told the user that was given when joining: nobody leaves in another's name. */
export function leaveStream({ sessions }: ExchangerServices): Handlers<typeof exchanger>['leaveStream'] {
  return async ({ session, ...timing }, { channelName }) => {
    requireChannel(session, channelName)
    await sessions.logout(session, timing)
    return undefined
  }
}
