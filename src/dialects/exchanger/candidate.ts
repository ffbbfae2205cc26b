import type { Handlers } from '../../gateway/requests.ts'
import type { exchanger } from '../../protocol/exchanger.ts'
import { relay } from './relay.ts'
import type { ExchangerServices } from './services.ts'

export function candidate({ messages }: ExchangerServices): Handlers<typeof exchanger>['candidate'] {
  return async (context, data) => {
    await relay(messages, context, 'candidate', data, data.candidate)
    return undefined
  }
}
