import { writeOf } from '../../core/session/request-context.ts'
import type { Handlers } from '../../gateway/dialect.ts'
import type { rooms } from '../../protocol/rooms.ts'
import type { RoomsServices } from './services.ts'

/** To one participant in the room. */
export function directMessage({ state }: RoomsServices): Handlers<typeof rooms>['direct_message'] {
  return async (context, { to, text }) => {
    const { session } = context
    await state.log.append(writeOf(context), { event: 'text', data: { text }, from: session.id, to })
    return undefined
  }
}
