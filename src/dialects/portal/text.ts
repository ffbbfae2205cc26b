import type { ParticipantMessages } from '../../core/participant-messages.ts'
import type { RequestContext } from '../../core/session/request-context.ts'
import type { Handlers } from '../../gateway/requests.ts'
import type { portal } from '../../protocol/portal.ts'
import type { PortalServices } from './services.ts'

export function text({ messages }: PortalServices): Handlers<typeof portal>['text'] {
  return async (context, { to, message }) => {
    await postText(messages, context, to, message)
    return undefined
  }
}

/**
 * Sends a text to one participant, or with `all` to every participant, the sender included. Text to `admin` gets an ack and goes
 * nowhere, as in OWT.
 */
export async function postText(
  messages: ParticipantMessages,
  context: RequestContext,
  to: string,
  message: unknown,
): Promise<void> {
  if (to === 'admin') return
  await messages.post(context, { event: 'text', data: { message } }, to === 'all' ? undefined : to)
}
