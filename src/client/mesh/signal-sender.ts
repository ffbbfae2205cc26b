import type { Clock } from '../clock.ts'
import { isRetryable } from '../error-policy.ts'
import { asSignalboxError } from '../errors.ts'
import type { Signal } from './channel.ts'

/** The wait after the first refusal, ms. It doubles with each refusal; the sender gives up after the longest. */
const minRetryDelayMs = 1000
const maxRetryDelayMs = 16_000

type SignalSenderDeps = {
  send(signal: Signal): Promise<unknown>
  clock: Clock
  /** Sends everything again that is still valid. */
  resend(): void
  failed(error: unknown): void
}

/**
 * Sends the signals for one participant. The other side needs each of them. If the node refuses a signal for a temporary reason, such
 * as a Redis that does not answer, this repeats it together with the signals before it: a candidate is useless without its description.
 */
export class SignalSender {
  readonly #deps: SignalSenderDeps
  #waitMs = minRetryDelayMs
  #cancel: (() => void) | undefined

  constructor(deps: SignalSenderDeps) {
    this.#deps = deps
  }

  send(signal: Signal): void {
    this.#deps.send(signal).then(
      () => this.#delivered(signal),
      (error) => this.#refused(error),
    )
  }

  stop(): void {
    this.#cancel?.()
  }

  #delivered(signal: Signal): void {
    if ('description' in signal) this.#waitMs = minRetryDelayMs
  }

  #refused(error: unknown): void {
    const { clock, resend, failed } = this.#deps
    if (this.#cancel) return // `resend` includes it
    if (!isRetryable(asSignalboxError(error).code) || this.#waitMs > maxRetryDelayMs) {
      failed(error)
      return
    }
    this.#cancel = clock.after(this.#waitMs, () => {
      this.#cancel = undefined
      resend()
    })
    this.#waitMs *= 2
  }
}
