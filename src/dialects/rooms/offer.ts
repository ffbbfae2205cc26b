import type { Handlers } from '../../gateway/dialect.ts'
import type { rooms } from '../../protocol/rooms.ts'
import { relay } from './relay.ts'
import type { RoomsServices } from './services.ts'

export function offer({ state }: RoomsServices): Handlers<typeof rooms>['offer'] {
  return async (asked, data) => {
    await relay(state, asked, 'offer', data)
    return undefined
  }
}
