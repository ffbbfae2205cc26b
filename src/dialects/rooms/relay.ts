import type { ParticipantMessages } from '../../core/participant-messages.ts'
import type { RequestContext } from '../../core/session/request-context.ts'
import { requireRoom } from './room.ts'

/** Sends an offer, answer or candidate to one participant, or to everyone else in the room. */
export async function relay(
  messages: ParticipantMessages,
  context: RequestContext,
  event: 'offer' | 'answer' | 'candidate',
  { payload, room, to }: { payload: unknown; room?: string | null; to?: string | null },
): Promise<void> {
  requireRoom(context.session, room)
  await messages.relay(context, { event, data: payload }, to)
}
