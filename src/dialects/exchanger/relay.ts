import type { State } from '../../core/ports/state.ts'
import { type RequestContext, writeOf } from '../../core/session/request-context.ts'
import { requireChannel } from './channel.ts'

/** Passes something on to one participant, or to everyone else in the channel. */
export async function relay(
  state: State,
  context: RequestContext,
  event: 'offer' | 'answer' | 'candidate',
  { channelName, to }: { channelName: string; to?: string | null },
  data: unknown,
): Promise<void> {
  const { session } = context
  requireChannel(session, channelName)
  const draft = { event, data, from: session.id }
  const others = { except: session.id }
  await state.log.append(writeOf(context), { ...draft, ...(to == null ? others : { to }) })
}
