import { SignalboxError } from './errors.ts'
import type { SessionTarget } from './handshakes.ts'
import type { Link } from './link.ts'
import type { LoginSpec } from './login-spec.ts'
import type { NewSession } from './membership.ts'
import { PendingLogin } from './pending-login.ts'
import type { Limits } from './rate-limiter.ts'
import type { RequestSpec } from './request.ts'
import type { Settings } from './settings.ts'
import { type SavedSession, tabMemoryOf } from './tab-memory.ts'
import { TabResume } from './tab-resume.ts'

/** What the ack of a login contains. */
export type LoginResult = NewSession & { result: unknown; limits: Limits | undefined }

type LoginsOwner = {
  /** Asks once, on one connection. @throws SignalboxError timeout, lost, or as the server refuses */
  ask<T>(link: Link, request: RequestSpec<T>): Promise<T>
  /** Whether this is the present connection. */
  serves(link: Link): boolean
  /** Called in the same step in which the ack is read. */
  loggedIn(link: Link, pending: PendingLogin, how: LoginResult): void
  failed(error: unknown): void
  /** The session of the page before cannot be resumed. */
  resumeFailed(reason: SignalboxError): void
  /** What the next page in the tab needs to resume the session that is logged in. */
  saved(): SavedSession | undefined
  /** The pending login was not answered within `loginTimeoutMs`. */
  timedOut(error: SignalboxError): void
}

/** The logins of one client: the pending one, and earlier ones whose answer may still arrive. */
export class Logins {
  readonly #settings: Settings
  readonly #target: SessionTarget
  readonly #owner: LoginsOwner
  #pending: PendingLogin | undefined
  /** Why the pending login has not succeeded so far. */
  #lastFailure: SignalboxError | undefined
  /** Connections on which a login is under way. */
  readonly #underWay = new Set<Link>()
  /** Connections on which a login was tried: the token of their handshake is used. */
  readonly #tried = new WeakSet<Link>()
  /** Logins on the connection that is kept without a session, one after the other. */
  #queue: Promise<unknown> = Promise.resolve()
  #stopFollowingPage = () => {}

  constructor(settings: Settings, target: SessionTarget, owner: LoginsOwner) {
    this.#settings = settings
    this.#target = target
    this.#owner = owner
  }

  /** The login that the program waits for. */
  get pending(): PendingLogin | undefined {
    return this.#pending
  }

  add(spec: LoginSpec<unknown>): PendingLogin {
    const { loginTimeoutMs, parts } = this.#settings
    const { namespace, token } = this.#target
    const memory = tabMemoryOf(this.#settings, namespace, spec.room)
    const tab = memory && new TabResume(memory, this.#owner.resumeFailed)
    const onTimeout = () => this.#owner.timedOut(timeoutError(this.#lastFailure))
    const renewable = token?.renewable ?? false
    const pending = new PendingLogin({ renewable, ...spec }, parts.clock, loginTimeoutMs, onTimeout, tab)
    this.#pending = pending
    this.#lastFailure = undefined
    this.stopFollowingPage()
    const saved = () => (this.#pending === pending ? pending.saved : this.#owner.saved())
    if (memory) this.#stopFollowingPage = memory.follow(saved)
    return pending
  }

  /** From now on the end of the page stores nothing. */
  stopFollowingPage(): void {
    this.#stopFollowingPage()
  }

  /** A node refused the token. Returns whether the next try has another one. */
  renewToken(hasSession: boolean): boolean {
    const pending = hasSession ? undefined : this.#pending
    return pending ? pending.renew() : (this.#target.token?.renew() ?? false)
  }

  /** The program no longer waits for the login. */
  remove(): PendingLogin | undefined {
    const pending = this.#pending
    this.#pending = undefined
    return pending
  }

  /** Gets the arguments of the pending login. Rejects with its failure, unless the program no longer waits for it. */
  async prepare(): Promise<void> {
    const pending = this.#pending
    await pending?.prepare().catch((error) => {
      if (this.#pending === pending) throw error
    })
  }

  noteFailure(error: SignalboxError): void {
    this.#lastFailure = error
  }

  isUnderWay(link: Link): boolean {
    return this.#underWay.has(link)
  }

  wasTried(link: Link): boolean {
    return this.#tried.has(link)
  }

  /** Logs in on the connection that was kept without a session. */
  queueOn(link: Link, pending: PendingLogin): void {
    this.#queue = this.#queue.then(() => this.#loginHere(link, pending))
  }

  /** False if the login ended before the ack. @throws SignalboxError timeout, lost, or as the server refuses */
  async login(link: Link, pending: PendingLogin): Promise<boolean> {
    this.#underWay.add(link)
    this.#tried.add(link)
    try {
      const ask = <T>(on: Link, request: RequestSpec<T>) => this.#owner.ask(on, request)
      return await pending.tryOn(link, ask, (ack, limits) => {
        this.#underWay.delete(link)
        this.#owner.loggedIn(link, pending, { ...ack, limits, goodbye: pending.spec.goodbye })
      })
    } finally {
      this.#underWay.delete(link)
    }
  }

  async #loginHere(link: Link, pending: PendingLogin): Promise<void> {
    const owner = this.#owner
    if (this.#pending !== pending || !owner.serves(link)) return
    try {
      await this.login(link, pending)
    } catch (thrown) {
      if (this.#pending === pending) owner.failed(thrown)
      // the login is tried again on another connection; after a timeout its answer may still come, so nothing else can use this one
      if (this.#pending === pending || isTimeout(thrown)) link.close()
    }
    if (!owner.serves(link)) link.close() // the session left it open for the goodbye
  }
}

const isTimeout = (error: unknown) => error instanceof SignalboxError && error.code === 'timeout'

/** @param cause the last failure; a token function that failed is the reason by itself */
function timeoutError(cause: SignalboxError | undefined): SignalboxError {
  if (cause?.code === 'token_unavailable') return cause
  return new SignalboxError('unreachable', 'No node answered in time', { cause })
}
