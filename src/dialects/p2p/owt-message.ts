import type { Handlers } from '../../gateway/requests.ts'
import type { p2p } from '../../protocol/p2p.ts'
import { mailboxOf, uidOf } from './mailbox.ts'
import type { P2pServices } from './services.ts'

/** Sends a message to the receiver's mailbox, which is another room than the sender's. */
export function owtMessage({ messages }: P2pServices): Handlers<typeof p2p>['owt-message'] {
  return async (context, { to, ...message }) => {
    const { room, id } = mailboxOf(to)
    await messages.postTo(context, room, id, { event: 'text', data: { ...message, from: uidOf(context.session) } })
    return undefined
  }
}
