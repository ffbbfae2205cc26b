import type { Handlers } from '../../gateway/requests.ts'
import type { exchanger } from '../../protocol/exchanger.ts'
import { relay } from './relay.ts'
import type { ExchangerServices } from './services.ts'

export function answer({ messages }: ExchangerServices): Handlers<typeof exchanger>['answer'] {
  return async (context, data) => {
    await relay(messages, context, 'answer', data, data.sessionDescriptor)
    return undefined
  }
}
