import type { Handlers } from '../../gateway/dialect.ts'
import type { exchanger } from '../../protocol/exchanger.ts'
import { relay } from './relay.ts'
import type { ExchangerServices } from './services.ts'

export function answer({ state }: ExchangerServices): Handlers<typeof exchanger>['answer'] {
  return async (asked, data) => {
    await relay(state, asked, 'answer', data, data.sessionDescriptor)
    return undefined
  }
}
