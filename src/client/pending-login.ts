import type { Clock } from './clock.ts'
import { SignalboxError } from './errors.ts'
import type { Link } from './link.ts'
import type { LoginAck, LoginSpec } from './login-spec.ts'
import { type Limits, limitsOf } from './rate-limiter.ts'
import type { AskOverLink } from './request.ts'
import type { SavedSession } from './tab-memory.ts'
import type { TabResume } from './tab-resume.ts'

/** Called in the same step in which the ack is read. */
type LoginListener = (ack: LoginAck<unknown>, limits: Limits | undefined) => void

/**
 * A login that is not answered yet. It may be tried on several connections; its `result` settles once. If it ends before the server
 * acks it, it sends the goodbye, because the server then has a session that the program does not want.
 */
export class PendingLogin {
  readonly spec: LoginSpec<unknown>
  readonly result: Promise<unknown>
  readonly #resolve: (result: unknown) => void
  readonly #reject: (error: SignalboxError) => void
  readonly #cancel: () => void
  readonly #tab: TabResume | undefined
  #args: Promise<readonly unknown[]> | undefined
  #isRenewed = false
  #settled = false
  #idle: Promise<unknown> = Promise.resolve()

  /**
   * @param onTimeout called if the login is not settled within `timeoutMs`
   * @param tab the session of the page before, which the login resumes if it can
   */
  constructor(spec: LoginSpec<unknown>, clock: Clock, timeoutMs: number, onTimeout: () => void, tab?: TabResume) {
    this.spec = spec
    this.#tab = tab
    const { promise, resolve, reject } = withResolvers()
    this.result = promise
    this.#resolve = resolve
    this.#reject = reject
    this.#cancel = clock.after(timeoutMs, onTimeout)
  }

  /** Resolves when no try is under way; then the goodbye, if one was needed, was acked or failed. */
  get idle(): Promise<unknown> {
    return this.#idle
  }

  /** The session that the login resumes; undefined: it begins a new one. */
  get saved(): SavedSession | undefined {
    return this.#tab?.saved
  }

  /** Gets the arguments. @throws what `args` throws, or SignalboxError when the login has ended */
  async prepare(): Promise<readonly unknown[]> {
    this.#args ??= Promise.resolve(this.spec.args())
    const args = this.#args
    args.catch(() => {
      this.#args = undefined
    })
    await Promise.race([args, this.result]) // `result` rejects when the login ends
    return args
  }

  /** A node refused the token. True if the next try has another one. The login requests another token only once. */
  renew(): boolean {
    if (this.#isRenewed || !this.spec.renewable) return false
    this.#isRenewed = true
    this.#args = undefined
    return true
  }

  /**
   * Tries on one connection. False if the login ended before the ack; the connection can then be used for another request.
   * @throws SignalboxError timeout, lost, or as the server refuses
   */
  async tryOn(link: Link, ask: AskOverLink, onAck: LoginListener): Promise<boolean> {
    const tried = this.#try(link, ask, onAck)
    this.#idle = tried.catch(() => {})
    try {
      return await tried
    } catch (error) {
      const isUnanswered = error instanceof SignalboxError && ['lost', 'timeout'].includes(error.code)
      if (this.#settled && !isUnanswered) return false
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
    if (error.code !== 'closed') this.#tab?.giveBack()
    this.#reject(error)
  }

  async #try(link: Link, ask: AskOverLink, onAck: LoginListener): Promise<boolean> {
    const { event, prelude, goodbye, read } = this.spec
    const args = await this.prepare()
    if (this.#settled) return false
    // the login that follows enters the present room again: it changes nothing, and its ack lists the participants
    const isResumed = (await this.#tab?.relogin(link, ask)) ?? false
    if (prelude && !this.#settled) await ask(link, { ...prelude, read: () => {} })
    if (this.#settled) {
      if (isResumed) await ask(link, { ...goodbye, read: () => {} })
      return false
    }
    const inTime = await ask(link, {
      event,
      args,
      read: (data) => {
        if (this.#settled) return false
        const acked = read(data)
        onAck(isResumed && this.#tab ? this.#tab.applyTo(acked) : acked, limitsOf(data))
        return true
      },
    })
    if (!inTime) await ask(link, { ...goodbye, read: () => {} })
    return inTime
  }
}

/** `Promise.withResolvers`, which Node.js 20 and older browsers lack. */
function withResolvers() {
  let resolve: (result: unknown) => void = () => {}
  let reject: (error: SignalboxError) => void = () => {}
  const promise = new Promise<unknown>((done, fail) => {
    resolve = done
    reject = fail
  })
  return { promise, resolve, reject }
}
