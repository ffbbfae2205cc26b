import { type Asked, writeOf } from '../../core/session/request-context.ts'
import type { Handlers } from '../../gateway/dialect.ts'
import type { portal } from '../../protocol/portal.ts'
import type { PortalServices } from './services.ts'

export function text({ state }: PortalServices): Handlers<typeof portal>['text'] {
  return async (asked, { to, message }) => {
    await say(state, asked, to, message)
    return undefined
  }
}

/** To one participant, or with `all` to everyone, the sender too. Text to `admin` is taken and dropped, as OWT does. */
export async function say(state: PortalServices['state'], asked: Asked, to: string, message: unknown): Promise<void> {
  if (to === 'admin') return
  const { session } = asked
  const draft = { event: 'text' as const, data: { message }, from: session.id }
  await state.log.append(writeOf(asked), to === 'all' ? draft : { ...draft, to })
}
