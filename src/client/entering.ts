import type { Clock } from './clock.ts'
import type { SignalboxError } from './errors.ts'

/** What a session begins with: login, joinStream or enter_room. */
export type Entry<T> = {
  event: string
  args: readonly unknown[]
  /** Said on the same connection just before. */
  prelude?: { event: string; args: readonly unknown[] } | undefined
  /** Reads the ack's data. */
  read: (data: unknown) => { ticket: string; seq: number; result: T }
}

/** A login that is not answered yet, on however many connections it is tried. Settles once. */
export class Entering {
  readonly entry: Entry<unknown>
  readonly result: Promise<unknown>
  readonly #resolve: (result: unknown) => void
  readonly #reject: (error: SignalboxError) => void
  readonly #cancel: () => void

  /** @param late called when there is no answer within `ms` */
  constructor(entry: Entry<unknown>, clock: Clock, ms: number, late: () => void) {
    this.entry = entry
    const { promise, resolve, reject } = withResolvers()
    this.result = promise
    this.#resolve = resolve
    this.#reject = reject
    this.#cancel = clock.after(ms, late)
  }

  done(result: unknown): void {
    this.#cancel()
    this.#resolve(result)
  }

  fail(error: SignalboxError): void {
    this.#cancel()
    this.#reject(error)
  }
}

function withResolvers() {
  let resolve: (result: unknown) => void = () => {}
  let reject: (error: SignalboxError) => void = () => {}
  const promise = new Promise<unknown>((done, fail) => {
    resolve = done
    reject = fail
  })
  return { promise, resolve, reject }
}
