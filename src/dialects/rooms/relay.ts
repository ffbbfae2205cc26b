import type { State } from '../../core/ports/state.ts'
import { type RequestContext, writeOf } from '../../core/session/request-context.ts'
import { requireRoom } from './room.ts'

/** Passes something on to one participant, or to everyone else in the room. */
export async function relay(
  state: State,
  context: RequestContext,
  event: 'offer' | 'answer' | 'candidate',
  { payload, room, to }: { payload: unknown; room?: string | null; to?: string | null },
): Promise<void> {
  const { session } = context
  requireRoom(session, room)
  const draft = { event, data: payload, from: session.id }
  const others = { except: session.id }
  await state.log.append(writeOf(context), { ...draft, ...(to == null ? others : { to }) })
}
