import { type RequestContext, writeOf } from '../../core/session/request-context.ts'
import type { Handlers } from '../../gateway/dialect.ts'
import type { portal } from '../../protocol/portal.ts'
import type { PortalServices } from './services.ts'

export function text({ state }: PortalServices): Handlers<typeof portal>['text'] {
  return async (context, { to, message }) => {
    await say(state, context, to, message)
    return undefined
  }
}

/** To one participant, or with `all` to everyone, the sender too. Text to `admin` is taken and dropped, as OWT does. */
export async function say(
  state: PortalServices['state'],
  context: RequestContext,
  to: string,
  message: unknown,
): Promise<void> {
  if (to === 'admin') return
  const { session } = context
  const draft = { event: 'text' as const, data: { message }, from: session.id }
  await state.log.append(writeOf(context), to === 'all' ? draft : { ...draft, to })
}
