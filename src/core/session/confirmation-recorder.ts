import type { SessionUpkeep } from '../ports/session-upkeep.ts'
import type { Session } from './session.ts'
import type { SessionRegistry } from './session-registry.ts'

/** Records in the store how far the clients are known to have received their messages. */
export class ConfirmationRecorder {
  readonly #sessionUpkeep: SessionUpkeep
  readonly #registry: SessionRegistry

  constructor(sessionUpkeep: SessionUpkeep, registry: SessionRegistry) {
    this.#sessionUpkeep = sessionUpkeep
    this.#registry = registry
  }

  /** Records all sessions that have progressed since the last time. @returns false: none has @throws unavailable */
  async recordAll(): Promise<boolean> {
    const progressed = this.#registry.all.flatMap((session) => {
      const confirmed = session.takeNewlyConfirmed()
      return confirmed === undefined ? [] : [{ ref: session.ref, confirmed }]
    })
    if (progressed.length === 0) return false
    await this.#sessionUpkeep.recordConfirmed(progressed)
    return true
  }

  /**
   * Records one session without delay: its client may have answered what it has received, and the node may be killed.
   * @throws unavailable
   */
  async record(session: Session): Promise<void> {
    const confirmed = session.ended ? undefined : session.takeNewlyConfirmed()
    if (confirmed !== undefined) await this.#sessionUpkeep.recordConfirmed([{ ref: session.ref, confirmed }])
  }
}
