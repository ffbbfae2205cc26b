import type { ParticipantMessages } from '../../core/participant-messages.ts'
import type { RequestContext } from '../../core/session/request-context.ts'
import { requireChannel } from './channel.ts'

/** Sends an offer, answer or candidate to one participant, or to everyone else in the channel. */
export async function relay(
  messages: ParticipantMessages,
  context: RequestContext,
  event: 'offer' | 'answer' | 'candidate',
  { channelName, to }: { channelName: string; to?: string | null },
  data: unknown,
): Promise<void> {
  requireChannel(context.session, channelName)
  await messages.relay(context, { event, data }, to)
}
