import type { Handlers } from '../../gateway/dialect.ts'
import type { exchanger } from '../../protocol/exchanger.ts'
import { relay } from './relay.ts'
import type { ExchangerServices } from './services.ts'

export function offer({ state }: ExchangerServices): Handlers<typeof exchanger>['offer'] {
  return async (asked, data) => {
    await relay(state, asked, 'offer', data, data.sessionDescriptor)
    return undefined
  }
}
