import type { Clock } from '../clock.ts'
import { asSignalboxError } from '../errors.ts'
import { mayPass } from '../refusals.ts'
import type { Signal } from './channel.ts'

/** How long it waits after a refusal, ms: twice as long after each one. */
const firstWaitMs = 1000
const longestWaitMs = 16_000

export type SignalSenderParts = {
  send(signal: Signal): Promise<unknown>
  clock: Clock
  /** Sends all that still counts once more. */
  repeat(): void
  failed(error: unknown): void
}

/**
 * Sends the signals for one participant. The other side waits for each of them, so what is refused for the moment, as while Redis is
 * away, is sent again, with everything that belongs to it: a candidate is of no use before its description.
 */
export class SignalSender {
  readonly #parts: SignalSenderParts
  #waitMs = firstWaitMs
  #cancel: (() => void) | undefined

  constructor(parts: SignalSenderParts) {
    this.#parts = parts
  }

  send(signal: Signal): void {
    this.#parts.send(signal).then(
      () => this.#delivered(signal),
      (error) => this.#refused(error),
    )
  }

  stop(): void {
    this.#cancel?.()
  }

  #delivered(signal: Signal): void {
    if ('description' in signal) this.#waitMs = firstWaitMs
  }

  #refused(error: unknown): void {
    const { clock, repeat, failed } = this.#parts
    if (this.#cancel) return // it is sent again with the others
    if (!mayPass(asSignalboxError(error).code) || this.#waitMs > longestWaitMs) {
      failed(error)
      return
    }
    this.#cancel = clock.after(this.#waitMs, () => {
      this.#cancel = undefined
      repeat()
    })
    this.#waitMs *= 2
  }
}
