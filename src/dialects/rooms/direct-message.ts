import type { Handlers } from '../../gateway/requests.ts'
import type { rooms } from '../../protocol/rooms.ts'
import type { RoomsServices } from './services.ts'

/** Sends a text to one participant in the room. */
export function directMessage({ messages }: RoomsServices): Handlers<typeof rooms>['direct_message'] {
  return async (context, { to, text }) => {
    await messages.post(context, { event: 'text', data: { text } }, to)
    return undefined
  }
}
