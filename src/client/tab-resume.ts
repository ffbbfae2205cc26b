import { isFatalForSession } from './error-policy.ts'
import { asSignalboxError, SignalboxError } from './errors.ts'
import type { Link } from './link.ts'
import type { LoginAck } from './login-spec.ts'
import type { AskOverLink } from './request.ts'
import type { SavedSession, TabMemory } from './tab-memory.ts'

type TabResumeReply = { ticket: string; seq: number; complete: boolean }

/** Fields of a login's result when it has resumed a session. `complete`: whether no missed message is lost. */
export type ResumedInTab = { resumed?: true; complete?: boolean }

/** The first part of a login that resumes the session of the page before: the relogin. */
export class TabResume {
  readonly #memory: TabMemory
  readonly #failed: (reason: SignalboxError) => void
  #saved: SavedSession | undefined
  #complete = true

  /** @param failed called for each session that the server refuses to resume */
  constructor(memory: TabMemory, failed: (reason: SignalboxError) => void) {
    this.#memory = memory
    this.#failed = failed
    this.#saved = memory.take()
  }

  /** The session to resume; undefined: the login begins a new one. */
  get saved(): SavedSession | undefined {
    return this.#saved
  }

  /**
   * Returns false if there is nothing to resume.
   * @throws SignalboxError timeout, lost (also after a final refusal, which goes to `failed`), or as the server refuses
   */
  async relogin(link: Link, ask: AskOverLink): Promise<boolean> {
    const saved = this.#saved
    if (!saved) return false
    const read = (data: unknown) => {
      const { ticket, seq, complete } = data as TabResumeReply
      // the room was recreated if its `seq` is below that of the page before
      const isComplete = complete && seq >= saved.seq
      this.#complete &&= isComplete
      this.#saved = { ...saved, ticket, seq: isComplete ? saved.seq : seq }
    }
    const { ticket, seq } = saved
    try {
      await ask(link, { event: 'relogin', args: [{ ticket, seq }], read })
    } catch (thrown) {
      const error = asSignalboxError(thrown)
      if (!isFatalForSession(error.code)) throw error
      this.#saved = this.#memory.take()
      this.#complete = true
      this.#failed(error)
      const message = 'The session of the page before cannot be resumed'
      throw new SignalboxError('lost', message, { cause: error }) // the server has closed the connection
    }
    return true
  }

  /** Changes the ack of the login so that messages since the page before arrive as notifications. */
  applyTo(acked: LoginAck<unknown>): LoginAck<unknown> {
    const { seq = acked.seq } = this.#saved ?? {}
    return { ...acked, seq, result: { ...(acked.result as object), resumed: true, complete: this.#complete } }
  }

  /** The login failed, but this page or the next one may try again. */
  giveBack(): void {
    if (this.#saved) this.#memory.add(this.#saved)
    this.#saved = undefined
  }
}
