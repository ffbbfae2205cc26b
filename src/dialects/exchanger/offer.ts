import type { Handlers } from '../../gateway/requests.ts'
import type { exchanger } from '../../protocol/exchanger.ts'
import { relay } from './relay.ts'
import type { ExchangerServices } from './services.ts'

export function offer({ messages }: ExchangerServices): Handlers<typeof exchanger>['offer'] {
  return async (context, data) => {
    await relay(messages, context, 'offer', data, data.sessionDescriptor)
    return undefined
  }
}
