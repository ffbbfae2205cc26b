import type { Question } from './ask.ts'
import type { Clock } from './clock.ts'
import { SignalboxError } from './errors.ts'
import type { Link } from './link.ts'

/** A request as it is sent: the event and its arguments. */
export type Sent = { event: string; args: readonly unknown[] }

/** What a session begins with: login, joinStream or enter_room. */
export type Entry<T> = {
  event: string
  /** Called once, and again when it rejects: it may ask for a token. */
  args: () => readonly unknown[] | Promise<readonly unknown[]>
  /** Sent on the same connection before it, and acked. */
  prelude?: Sent | undefined
  /** Reads the ack's data. */
  read: (data: unknown) => { ticket: string; seq: number; result: T }
  /** Ends the session. */
  goodbye: Sent
}

/** Asks on one connection. @throws SignalboxError timeout, lost, or as the server refuses */
type Ask = <T>(link: Link, question: Question<T>) => Promise<T>
type Entered = (entered: { ticket: string; seq: number; result: unknown }) => void

/**
 * A login that is not answered yet, on however many connections it is tried. It settles once. When it was ended before the
 * server's ack came, the ack is answered with the goodbye.
 */
export class Entering {
  readonly entry: Entry<unknown>
  readonly result: Promise<unknown>
  readonly #resolve: (result: unknown) => void
  readonly #reject: (error: SignalboxError) => void
  readonly #cancel: () => void
  #args: Promise<readonly unknown[]> | undefined
  #settled = false
  #idle: Promise<unknown> = Promise.resolve()

  /** @param late called when there is no answer within `ms` */
  constructor(entry: Entry<unknown>, clock: Clock, ms: number, late: () => void) {
    this.entry = entry
    const { promise, resolve, reject } = withResolvers()
    this.result = promise
    this.#resolve = resolve
    this.#reject = reject
    this.#cancel = clock.after(ms, late)
  }

  /** Resolves when no try is under way: the server has been told the goodbye if it has to be. */
  get idle(): Promise<unknown> {
    return this.#idle
  }

  /** Gets the arguments. @throws SignalboxError as `args` does, or when the login has ended */
  async prepare(): Promise<readonly unknown[]> {
    this.#args ??= Promise.resolve(this.entry.args())
    const args = this.#args
    args.catch(() => {
      this.#args = undefined
    })
    await Promise.race([args, this.result]) // `result` rejects when the login ends
    return args
  }

  /**
   * Tries on one connection. False if the login had ended before the ack, and the connection may be used for something else.
   * @throws SignalboxError timeout, lost, or as the server refuses
   */
  async tryOn(link: Link, ask: Ask, entered: Entered): Promise<boolean> {
    const tried = this.#try(link, ask, entered)
    this.#idle = tried.catch(() => {})
    try {
      return await tried
    } catch (error) {
      const passed = error instanceof SignalboxError && ['lost', 'timeout'].includes(error.code)
      if (this.#settled && !passed) return false
      throw error
    }
  }

  done(result: unknown): void {
    this.#settled = true
    this.#cancel()
    this.#resolve(result)
  }

  fail(error: SignalboxError): void {
    this.#settled = true
    this.#cancel()
    this.#reject(error)
  }

  async #try(link: Link, ask: Ask, entered: Entered): Promise<boolean> {
    const { event, prelude, goodbye, read } = this.entry
    const args = await this.prepare()
    if (prelude && !this.#settled) await ask(link, { ...prelude, read: () => {} })
    if (this.#settled) return false
    const inTime = await ask(link, {
      event,
      args,
      read: (data) => {
        if (this.#settled) return false
        entered(read(data))
        return true
      },
    })
    if (!inTime) await ask(link, { ...goodbye, read: () => {} })
    return inTime
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
