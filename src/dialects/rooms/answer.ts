import type { Handlers } from '../../gateway/requests.ts'
import type { rooms } from '../../protocol/rooms.ts'
import { relay } from './relay.ts'
import type { RoomsServices } from './services.ts'

export function answer({ messages }: RoomsServices): Handlers<typeof rooms>['answer'] {
  return async (context, data) => {
    await relay(messages, context, 'answer', data)
    return undefined
  }
}
