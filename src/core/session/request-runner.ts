import { inBackground } from '../background.ts'
import { SignalError } from '../errors.ts'
import type { Log } from '../ports/log.ts'
import type { ConfirmationRecorder } from './confirmation-recorder.ts'
import type { Session } from './session.ts'
import type { SessionRestore } from './session-restore.ts'

export type RequestRunnerDeps = {
  log: Log
  confirmationRecorder: ConfirmationRecorder
  restoration: SessionRestore
  failed: (error: unknown) => void
}

/** Performs the requests of sessions: those with a `rid` at most once. */
export class RequestRunner {
  readonly #deps: RequestRunnerDeps

  constructor(deps: RequestRunnerDeps) {
    this.#deps = deps
  }

  /**
   * Performs a request and resolves to its ack. Without `rid` it performs a repeat again. If the store refuses the request as
   * `moved` because a failover lost the newest writes, it restores the session and performs the request again.
   * @throws what `perform` throws, bad_request
   */
  async run(session: Session, rid: number | undefined, perform: () => Promise<unknown>): Promise<unknown> {
    const { log, confirmationRecorder, restoration, failed } = this.#deps
    session.requestConfirmation(() => inBackground(() => confirmationRecorder.record(session), failed))
    const attempt = () => (rid === undefined ? perform() : runOncePerRid(log, session, rid, perform))
    try {
      return await attempt()
    } catch (error) {
      const moved = error instanceof SignalError && error.code === 'moved'
      if (!moved || session.ended || !(await restoration.restore(session))) throw error
      return attempt()
    }
  }
}

/**
 * Performs a request at most once per `rid` and returns its ack. A repeat gets the original ack. A write that timed out may still
 * have been performed, so the store decides.
 * @throws bad_request when the store does not know such an old `rid` any more
 */
async function runOncePerRid(
  log: Log,
  session: Session,
  rid: number,
  perform: () => Promise<unknown>,
): Promise<unknown> {
  const before = session.mayHaveRun(rid) ? await log.replyTo(session.ref, rid) : undefined
  if (before) return before.reply
  session.recordRid(rid) // if it is refused, the store does not record it, and the client may send it again
  try {
    return await perform()
  } catch (error) {
    if (!(error instanceof SignalError && error.code === 'repeated')) throw error
    const done = await log.replyTo(session.ref, rid)
    if (!done) throw new SignalError('bad_request', 'rid should be above those of earlier requests')
    return done.reply
  }
}
