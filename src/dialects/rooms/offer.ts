import type { Handlers } from '../../gateway/requests.ts'
import type { rooms } from '../../protocol/rooms.ts'
import { relay } from './relay.ts'
import type { RoomsServices } from './services.ts'

export function offer({ messages }: RoomsServices): Handlers<typeof rooms>['offer'] {
  return async (context, data) => {
    await relay(messages, context, 'offer', data)
    return undefined
  }
}
