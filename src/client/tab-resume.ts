import type { Question } from './ask.ts'
import { asSignalboxError, SignalboxError } from './errors.ts'
import type { Link } from './link.ts'
import type { Acked } from './pending-login.ts'
import { endsSession } from './refusals.ts'
import type { SavedSession, TabMemory } from './tab-memory.ts'

/** @throws SignalboxError timeout, lost, or as the server refuses */
type Ask = <T>(link: Link, question: Question<T>) => Promise<T>
type Reply = { ticket: string; seq: number; complete: boolean }

/** How the result of a login says that it resumed; `complete`: whether nothing that was said meanwhile is missing. */
export type ResumedInTab = { resumed?: true; complete?: boolean }

/** The first part of a login that goes on with the session of the page before: the relogin. */
export class TabResume {
  readonly #memory: TabMemory
  readonly #failed: (reason: SignalboxError) => void
  #saved: SavedSession | undefined
  #complete = true

  /** @param failed called for each session that cannot be had back */
  constructor(memory: TabMemory, failed: (reason: SignalboxError) => void) {
    this.#memory = memory
    this.#failed = failed
    this.#saved = memory.take()
  }

  /** What is to be resumed; undefined: the login begins anew. */
  get saved(): SavedSession | undefined {
    return this.#saved
  }

  /** False if there is nothing to resume. @throws SignalboxError timeout or lost, also when the server has refused for good */
  async relogin(link: Link, ask: Ask): Promise<boolean> {
    const saved = this.#saved
    if (!saved) return false
    const read = (data: unknown) => {
      const { ticket, seq, complete } = data as Reply
      // the room was made anew if its `seq` is below what was seen
      const isWhole = complete && seq >= saved.seq
      this.#complete &&= isWhole
      this.#saved = { ...saved, ticket, seq: isWhole ? saved.seq : seq }
    }
    const { ticket, seq } = saved
    try {
      await ask(link, { event: 'relogin', args: [{ ticket, seq }], read })
    } catch (thrown) {
      const error = asSignalboxError(thrown)
      if (!endsSession(error.code)) throw error
      this.#saved = this.#memory.take()
      this.#complete = true
      this.#failed(error)
      const message = 'The session of the page before cannot be resumed'
      throw new SignalboxError('lost', message, { cause: error }) // the server has closed the connection
    }
    return true
  }

  /** The ack of the login: what was said since the page before comes as notifications. */
  applyTo(acked: Acked<unknown>): Acked<unknown> {
    const { seq = acked.seq } = this.#saved ?? {}
    return { ...acked, seq, result: { ...(acked.result as object), resumed: true, complete: this.#complete } }
  }

  /** The login failed, and may be tried again: also in the next page. */
  giveBack(): void {
    if (this.#saved) this.#memory.add(this.#saved)
    this.#saved = undefined
  }
}
