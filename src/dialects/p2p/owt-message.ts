import { SignalError } from '../../core/errors.ts'
import { writeOf } from '../../core/session/request-context.ts'
import type { Handlers } from '../../gateway/dialect.ts'
import type { p2p } from '../../protocol/p2p.ts'
import { mailboxOf, uidOf } from './mailbox.ts'
import type { P2pServices } from './services.ts'

/**
 * Into the receiver's mailbox, which is another room than the sender's: so whether the sender still is who it was is
 * asked before, and that it was done is noted after; under one name, however often it comes, it is said once.
 */
export function owtMessage({ state }: P2pServices): Handlers<typeof p2p>['owt-message'] {
  return async (context, { to, ...message }) => {
    const { session, rid, deadline } = context
    const [standing] = await state.sessionStore.states([session.ref], [session.confirmedSeq])
    if (standing === 'moved') throw new SignalError('moved')
    const { room, id } = mailboxOf(to)
    const write = writeOf(context)
    const once = rid === undefined ? write.op : `${session.id}.${rid}`
    const draft = { event: 'text' as const, data: { ...message, from: uidOf(session) }, to: id }
    await state.log.announce(room, draft, once, deadline)
    if (rid !== undefined) await state.log.recordReply(write)
    return undefined
  }
}
