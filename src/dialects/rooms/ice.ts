import type { Handlers } from '../../gateway/requests.ts'
import type { rooms } from '../../protocol/rooms.ts'
import { relay } from './relay.ts'
import type { RoomsServices } from './services.ts'

export function ice({ messages }: RoomsServices): Handlers<typeof rooms>['ice'] {
  return async (context, data) => {
    await relay(messages, context, 'candidate', data)
    return undefined
  }
}
