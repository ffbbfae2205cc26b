import { SignalError } from '../errors.ts'
import type { Log } from '../ports/log.ts'
import type { Session } from './session.ts'

/**
 * Performs a request unless it was done before, and resolves to its ack, which is then what it was. That one was done
 * may come out late: the store may do what it was asked after we gave up waiting, so it has the last word.
 * @throws bad_request when it was too long ago to tell
 */
export async function runOnce(
  log: Log,
  session: Session,
  rid: number,
  perform: () => Promise<unknown>,
): Promise<unknown> {
  const before = session.mayHaveRun(rid) ? await log.replyTo(session.ref, rid) : undefined
  if (before) return before.reply
  session.recordRid(rid) // or not, if it is refused: then the store does not know it, and it may come again
  try {
    return await perform()
  } catch (error) {
    if (!(error instanceof SignalError && error.code === 'repeated')) throw error
    const done = await log.replyTo(session.ref, rid)
    if (!done) throw new SignalError('bad_request', 'rid should be above those of earlier requests')
    return done.reply
  }
}
